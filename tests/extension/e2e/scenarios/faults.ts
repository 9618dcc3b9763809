/** Bad luck has a face: one message, one button. */

import assert from "node:assert/strict";
import fs from "node:fs";

import { lookOf } from "../../workbench/editor";
import { until } from "../../workbench/workbench";
import { type Scenario, opened, shot, run, quickFixes, notes, cursorTo, message, program } from "../acts";

export const untrusted: Scenario = async (workbench) => {
  workbench.settings({
    "security.workspace.trust.enabled": true,
    "security.workspace.trust.startupPrompt": "never",
    "security.workspace.trust.banner": "never",
    "security.workspace.trust.emptyWindow": false,
  });
  await workbench.smile("daemon", "stop");
  // A workspace that names a program of its own; in an untrusted one it must not be started.
  const trap = workbench.file("trap.sh");
  fs.writeFileSync(trap, `#!/bin/sh\ntouch "${workbench.file("sprung")}"\n`, { mode: 0o755 });
  fs.mkdirSync(workbench.file(".vscode"), { recursive: true });
  fs.writeFileSync(workbench.file(".vscode/settings.json"), JSON.stringify({ "smileLens.path": trap }));
  try {
    const page = await opened(workbench);
    await page.waitForSelector(".statusbar-item", { timeout: 10_000 });
    await until(
      "the window is restricted",
      async () => (await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).count()) > 0,
    );
    await until("the prompts say why nothing runs", async () => (await notes(page)).some((text) => text.includes("not trusted")), 20_000);
    await page.waitForTimeout(1_500);
    for (const number of [6, 7, 8]) {
      const look = await lookOf(page, number - 1, 0, 4);
      assert.equal(look?.fill, undefined);
    }
    assert.equal(await page.locator(".view-overlays [class*=ced-].cdr[style*=border]").count(), 0);
    const status = JSON.parse(await workbench.smile("daemon", "status", "--json")) as {
      edits?: number;
      worker_pid?: number | null;
      workerPid?: number | null;
    };
    assert.equal(status.edits ?? 0, 0, "edits were made for an untrusted workspace");
    assert.equal(status.worker_pid ?? status.workerPid ?? null, null, "a worker runs for an untrusted workspace");
    assert.ok(!fs.existsSync(workbench.file("sprung")), "the workspace's own program was started");
    await shot(page, workbench, "untrusted-dark");
  } finally {
    for (const name of ["trap.sh", "sprung", ".vscode"]) fs.rmSync(workbench.file(name), { recursive: true, force: true });
  }
};

export const missingImage: Scenario = async (workbench) => {
  workbench.write("lost.edit", "---\nimage: nowhere.png\n---\nmake the car red\n");
  const page = await opened(workbench, "lost.edit");
  await until(
    "the line says what is missing",
    async () => (await notes(page)).some((text) => text.includes("nowhere.png is not there")),
    20_000,
  );
  await cursorTo(page, 1, 8, 12);
  await quickFixes(page, "Choose an image");
  await shot(page, workbench, "missing-image-dark");
};

export const notThere: Scenario = async (workbench) => {
  workbench.settings({ "smileLens.path": "/nowhere/smile", "smileLens.python": "/nowhere/python" });
  const page = await opened(workbench);
  await message(page, "names /nowhere/smile", "Change the path");
  await shot(page, workbench, "no-program-dark");
  await run(page, "Notifications: Clear All Notifications");
  await run(page, "SMILE Lens: Install or Update");
  await message(page, "needs Python 3.11 or newer, and none was found", "Choose Python");
  await shot(page, workbench, "no-python-dark");
};

export const notInstalled: Scenario = async (workbench) => {
  workbench.settings({ "smileLens.path": "", "smileLens.python": program(workbench, "#!/bin/sh\necho 3.9.2\n") });
  const page = await opened(workbench);
  await message(page, "SMILE Lens is not installed", "Install");
  await page.locator(".notification-toast .monaco-text-button", { hasText: "Install" }).click();
  await message(page, "needs Python 3.11 or newer; ", "Choose Python");
};

export const crashes: Scenario = async (workbench) => {
  const broken = "#!/bin/sh\necho 'ImportError: no module named torch' >&2\nexit 1\n";
  workbench.settings({ "smileLens.path": program(workbench, broken) });
  const page = await opened(workbench);
  await message(page, "ImportError: no module named torch", "Start again");
  await shot(page, workbench, "crash-dark");
};

export const otherVersion: Scenario = async (workbench) => {
  const reply = { capabilities: { experimental: { smile: { version: 99 } } }, serverInfo: { name: "smile-lens", version: "9.9" } };
  const fake = `#!${process.execPath}
    process.stdin.once("data", (data) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: /"id":(\\d+)/.exec(data)[1] * 1, result: ${JSON.stringify(reply)} });
      process.stdout.write("Content-Length: " + Buffer.byteLength(body) + "\\r\\n\\r\\n" + body);
    });
    process.stdin.on("end", () => process.exit());
  `;
  workbench.settings({ "smileLens.path": program(workbench, fake) });
  const page = await opened(workbench);
  await message(page, "SMILE Lens 9.9 and this extension do not speak the same version", "Install the newest");
};

export const modelFails: Scenario = async (workbench) => {
  workbench.write("model.edit", "---\nimage: street.png\nmodel: weights\n---\nmake the car red\n");
  fs.mkdirSync(workbench.file("weights"));
  fs.writeFileSync(workbench.file("weights/model_index.json"), JSON.stringify({ _class_name: "NoSuchPipeline" }));
  workbench.settings({ "smileLens.runByModel": { [fs.realpathSync(workbench.file("weights"))]: "typing" } });
  const page = await opened(workbench, "model.edit");
  await message(page, "weights", "Choose a model");
  await until("the line says it too", async () => (await notes(page)).some((text) => text.includes("weights")));
  await shot(page, workbench, "model-fails-dark");
};
