// Collects the strings of l10n.t("...") into l10n/bundle.l10n.json, the file that translators copy.
// `node scripts/l10n.mjs --check` only says whether it is stale.
import fs from "node:fs";
import path from "node:path";

const at = (name) => new URL(name, import.meta.url).pathname;
const files = fs.readdirSync(at("../src"), { recursive: true }).filter((name) => name.endsWith(".ts")).sort();
const found = new Set();
for (const file of files) {
  const text = fs.readFileSync(path.join(at("../src"), file), "utf8");
  for (const match of text.matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g)) found.add(JSON.parse(match[1]));
}
for (const state of ["starting", "idle", "busy", "stuck"]) found.add(state);
const bundle = `${JSON.stringify(Object.fromEntries([...found].sort().map((text) => [text, text])), null, 2)}\n`;
const target = at("../l10n/bundle.l10n.json");
if (process.argv.includes("--check")) {
  if (fs.existsSync(target) && fs.readFileSync(target, "utf8") === bundle) process.exit(0);
  console.error("extension/l10n/bundle.l10n.json is stale; run: npm run l10n --workspace extension");
  process.exit(1);
}
fs.writeFileSync(target, bundle);
