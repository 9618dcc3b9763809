/** The end-to-end ring: every scenario in one workbench, one after the other, each with a screenshot. */

import fs from "node:fs";
import path from "node:path";

import { SCREENSHOTS, Workbench } from "../workbench/workbench";
import { INSTALLATIONS, SCENARIOS } from "./scenarios";

const [, , version, vsix, ...wanted] = process.argv;
fs.mkdirSync(SCREENSHOTS, { recursive: true });
const workbench = new Workbench(version);
const failed: string[] = [];
const start = Date.now();
try {
  await workbench.start(vsix);
  for (const [name, scenario] of process.env.SMILE_INSTALL ? INSTALLATIONS : SCENARIOS) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    const begun = Date.now();
    workbench.fresh();
    try {
      await scenario(workbench);
      console.log(`  ok      ${((Date.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${name}`);
    } catch (error) {
      failed.push(name);
      console.log(`  FAILED  ${((Date.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${name}\n${indented(error)}`);
      for (const [number, page] of workbench.browser.pages().entries()) {
        await page
          .screenshot({ path: path.join(SCREENSHOTS, `failed-${name.replaceAll(/\W+/g, "-")}-${number}.png`) })
          .catch(() => undefined);
      }
    }
    for (const page of workbench.browser.pages().slice(1)) await page.close();
  }
  if (workbench.foreign.size > 0) failed.push(`asked ${[...workbench.foreign].join(", ")}`);
} finally {
  if (process.env.SMILE_KEEP) console.log(`kept ${workbench.home}`);
  else await workbench.stop();
}
console.log(
  `VS Code in code-server ${version}: ${failed.length === 0 ? "all scenarios hold" : `FAILED: ${failed.join("; ")}`}, ${Math.round((Date.now() - start) / 1000)} s`,
);
process.exit(failed.length === 0 ? 0 : 1);

function indented(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.replace(/^/gm, "          ");
}
