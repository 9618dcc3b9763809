// Bundles the extension and the script of its panels into dist/; `--watch` does it again on every change.
import { cp, mkdir } from "node:fs/promises";
import esbuild from "esbuild";

const shared = { bundle: true, minify: true, sourcemap: false, legalComments: "none", logLevel: "warning" };
const builds = [
  {
    ...shared,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    // The bundle must load in under 100 ms; ES modules of the language client are smaller than its CommonJS.
    mainFields: ["module", "main"],
  },
  { ...shared, entryPoints: ["src/webview/panel.ts"], outfile: "dist/panel.js", format: "iife", target: "chrome120" },
  { ...shared, entryPoints: ["src/webview/panel.css"], outfile: "dist/panel.css" },
];
await mkdir("dist", { recursive: true });
await cp("../LICENSE", "LICENSE");
if (process.argv.includes("--watch")) {
  for (const build of builds) await (await esbuild.context(build)).watch();
} else {
  await Promise.all(builds.map((build) => esbuild.build(build)));
}
