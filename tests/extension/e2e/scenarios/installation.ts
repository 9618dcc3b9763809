/** Real installations, which take minutes and the network: the server by the extension, the extension by `make vscode`. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { ROOT, SMILE, until } from "../../workbench/workbench";
import { notes, opened, run, type Scenario, shot } from "../acts";

/** The wheel of this checkout, installed by the extension with pip into an environment of its own. Takes minutes. */
export const installs: Scenario = async (workbench) => {
  const python = path.join(path.dirname(SMILE), "python");
  await promisify(execFile)(python, ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", workbench.folder, ROOT]);
  const wheel = fs.readdirSync(workbench.folder).find((name) => name.endsWith(".whl"))!;
  workbench.settings({ "smileLens.path": "", "smileLens.installFrom": workbench.file(wheel) });
  const page = await opened(workbench);
  const toast = page.locator(".notification-toast", { hasText: "SMILE Lens is not installed" });
  await toast.locator(".monaco-text-button", { hasText: "Install" }).click();
  const progress = page.locator(".notification-toast", { hasText: "Installing SMILE Lens" });
  await until(
    "the progress says what pip does",
    async () => /Collecting|Downloading|Processing|Using cached/.test(await progress.innerText()),
    60_000,
  );
  await shot(page, workbench, "install-dark");
  await progress.waitFor({ state: "detached", timeout: 540_000 });
  await until("the prompts have their numbers", async () => (await notes(page)).filter((text) => /\d/.test(text)).length >= 3, 120_000);
  const { program } = JSON.parse(await workbench.smile("daemon", "status", "--json")) as { program?: string };
  assert.ok(program === undefined || program.includes("environment"), `the daemon that answers is ${program}`);
  await shot(page, workbench, "installed-dark");
};

/** In the terminal of the workbench, where `code` is the window's own. */
export const makeVscode: Scenario = async (workbench) => {
  const programs = path.join(workbench.home, "programs");
  fs.mkdirSync(programs);
  const code = path.join(ROOT, ".workbench", workbench.version, "node_modules/code-server/lib/vscode/bin/remote-cli/code-linux.sh");
  const wrapper = `#!/bin/sh\nNODE_EXEC_PATH="${process.execPath}" exec sh "${code}" "$@"\n`;
  fs.writeFileSync(path.join(programs, "code"), wrapper, { mode: 0o755 });
  workbench.write(
    "install.sh",
    `export PATH="${programs}:$PATH"
{ code --uninstall-extension smile-lens.smile-lens; code --list-extensions; echo ---; make -C "${ROOT}" vscode; code --list-extensions; } >said.txt 2>&1
echo "status $?" >>said.txt
`,
  );
  const page = await workbench.window();
  await run(page, "Terminal: Create New Terminal");
  await page.locator(".terminal-wrapper.active .xterm-helper-textarea").focus();
  await page.waitForTimeout(1_500);
  await page.keyboard.type(`sh install.sh\n`);
  const said = () => fs.readFileSync(workbench.file("said.txt"), "utf8");
  await until("make vscode ended", () => /^status \d/m.test(said()), 120_000);
  const [before, after] = said().split("---");
  assert.ok(!/^smile-lens\.smile-lens$/m.test(before), `it was there before:\n${before}`);
  assert.match(after, /^smile-lens\.smile-lens$/m, said());
};
