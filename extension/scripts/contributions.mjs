// Writes what package.json repeats from elsewhere: the theme colours, from smile_core/report/colours.json.
// `node scripts/contributions.mjs --check` only says whether the file is stale.
import fs from "node:fs";

const read = (name) => JSON.parse(fs.readFileSync(new URL(name, import.meta.url), "utf8"));
const THEMES = { dark: "dark", light: "light", highContrast: "highContrast", highContrastLight: "highContrastLight" };

export function colours(ramp) {
  const per = (value) => Object.fromEntries(Object.entries(THEMES).map(([kind, name]) => [kind, value(ramp.themes[name])]));
  const fill = (sign, step) => (theme) => {
    const { rgb, alpha } = theme[sign];
    return `#${[...rgb, Math.round(alpha[step] * 255)].map((part) => part.toString(16).padStart(2, "0")).join("").toUpperCase()}`;
  };
  const steps = (sign) =>
    ramp.edges.map((_, step) => ({
      id: `smileLens.${sign}${step + 1}`,
      description: `%colour.${sign}%`,
      defaults: per(fill(sign, step)),
    }));
  return [
    ...steps("negative"),
    ...steps("positive"),
    { id: "smileLens.negativeLine", description: "%colour.negativeLine%", defaults: per((theme) => theme.negative_line) },
    { id: "smileLens.positiveLine", description: "%colour.positiveLine%", defaults: per((theme) => theme.positive_line) },
    { id: "smileLens.neutralLine", description: "%colour.neutralLine%", defaults: per((theme) => theme.neutral_line) },
    { id: "smileLens.note", description: "%colour.note%", defaults: per(() => "editorCodeLens.foreground") },
  ];
}

const manifest = read("../package.json");
const wanted = structuredClone(manifest);
wanted.contributes.colors = colours(read("../../smile_core/report/colours.json"));
if (process.argv.includes("--check")) {
  if (JSON.stringify(wanted) === JSON.stringify(manifest)) process.exit(0);
  console.error("extension/package.json is stale; run: npm run contributions --workspace extension");
  process.exit(1);
}
fs.writeFileSync(new URL("../package.json", import.meta.url), `${JSON.stringify(wanted, null, 2)}\n`);
