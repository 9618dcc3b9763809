// Runs the unit tests: bundled with a stand-in for VS Code, then handed to node's own test runner.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import esbuild from "esbuild";

const here = path.dirname(new URL(import.meta.url).pathname);
const root = path.resolve(here, "../../..");
const out = path.join(root, ".workbench/unit");
fs.rmSync(out, { recursive: true, force: true });
const tests = fs.readdirSync(here).filter((name) => name.endsWith(".test.ts"));
await esbuild.build({
  entryPoints: tests.map((name) => path.join(here, name)),
  outdir: out,
  bundle: true,
  platform: "node",
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  alias: { vscode: path.join(here, "vscode.ts") },
  logLevel: "warning",
  absWorkingDir: root,
});
const files = tests.map((name) => path.join(out, name.replace(/ts$/, "cjs")));
const done = spawnSync(process.execPath, ["--test", ...process.argv.slice(2), ...files], {
  stdio: "inherit",
  env: { ...process.env, SMILE_ROOT: root },
});
process.exit(done.status ?? 1);
