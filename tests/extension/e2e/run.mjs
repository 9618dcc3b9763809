// Runs the end-to-end ring in one version of VS Code: `node tests/extension/e2e/run.mjs 4.100.3 [part of a name ...]`.
// Where no such VS Code can be had the ring is skipped with one loud line; in CI that is an error.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import esbuild from "esbuild";

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../../..");
const [version = "4.100.3", ...wanted] = process.argv.slice(2);
const here = path.join(root, "tests/extension");

function skip(why) {
  console.error(`\n*** NOT TESTED in a real VS Code ${version}: ${why} ***\n`);
  process.exit(process.env.CI ? 1 : 0);
}

function has(program) {
  return spawnSync("which", [program]).status === 0;
}

const missing = ["chromium", "rg"].filter((program) => !has(program));
if (missing.length > 0) {
  if (process.getuid?.() === 0 && has("apt-get")) {
    spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore" });
    const packages = ["chromium", "ripgrep", "fonts-dejavu-core", "g++", "make"];
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { stdio: "ignore" });
  }
  if (!["chromium", "rg"].every(has)) skip("Chromium and ripgrep are needed: apt-get install chromium ripgrep");
}
const install = spawnSync(process.execPath, [path.join(here, "workbench/install.mjs"), version], {
  stdio: ["ignore", "ignore", "pipe"],
  encoding: "utf8",
});
if (install.status === 3) skip(install.stderr.trim().split("\n").at(-1));
if (install.status !== 0) {
  console.error(install.stderr);
  process.exit(1);
}

const extension = path.join(root, "extension");
const vsix = path.join(extension, "dist/smile-lens.vsix");
execFileSync("npm", ["run", "--silent", "package", "--workspace", "extension"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
const out = path.join(root, ".workbench/tests");
fs.mkdirSync(out, { recursive: true });
const shared = { bundle: true, platform: "node", logLevel: "warning", absWorkingDir: root };
await esbuild.build({
  ...shared,
  format: "esm",
  external: ["playwright-core", "vscode-jsonrpc"],
  entryPoints: [path.join(here, "e2e/ring.ts"), path.join(here, "e2e/figures.ts")],
  outdir: out,
  outExtension: { ".js": ".mjs" },
});
await esbuild.build({
  ...shared,
  format: "cjs",
  external: ["vscode"],
  entryPoints: [path.join(here, "host/suite.ts")],
  outfile: path.join(out, "suite.cjs"),
});
const script = process.env.SMILE_FIGURES ? "figures.mjs" : "ring.mjs";
const env = { ...process.env, SMILE_ROOT: root };
const done = spawnSync(process.execPath, [path.join(out, script), version, vsix, ...wanted], { stdio: "inherit", env });
process.exit(done.status ?? 1);
