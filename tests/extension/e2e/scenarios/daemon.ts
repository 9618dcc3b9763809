/** One daemon behind every window, and what happens when it is killed. */

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { ROOT, until } from "../../workbench/workbench";
import { cursorTo, judged, looksRight, opened, type Scenario } from "../acts";

export const killed: Scenario = async (workbench) => {
  const street = fs.readFileSync(workbench.file("street.edit"), "utf8");
  workbench.write("killed.edit", street);
  const page = await opened(workbench, "killed.edit");
  const prompts = await judged(workbench, "killed.edit");
  await looksRight(page, prompts);
  const { pid } = JSON.parse(await workbench.smile("daemon", "status", "--json")) as { pid: number };
  process.kill(pid, "SIGKILL");
  await until(
    "another daemon is there",
    async () => {
      const now = JSON.parse(await workbench.smile("daemon", "status", "--json").catch(() => "{}")) as { pid?: number };
      return now.pid !== undefined && now.pid !== pid;
    },
    20_000,
  );
  // Colours for a text that the dead daemon never saw prove that the new one made them.
  const line = prompts[2].range.start.line;
  await cursorTo(page, line, 0, 4);
  await page.keyboard.press("End");
  await page.keyboard.type(" now");
  const text = street.replace("remove the tree", "remove the tree now");
  await looksRight(page, await judged(workbench, "killed.edit", "edit-prompt", text));
  assert.equal(await page.locator(".notification-toast", { hasText: "SMILE Lens stopped" }).count(), 0, "one crash needs no message");
};

export const windows: Scenario = async (workbench) => {
  const sessions = async () => {
    const status = await workbench.smile("daemon", "status", "--json").catch(() => "{}");
    return (JSON.parse(status) as { sessions?: number }).sessions ?? 0;
  };
  // Windows of before end in their own time.
  await until("no other window is left", async () => (await sessions()) === 0);
  const one = await opened(workbench);
  const two = await opened(workbench);
  const prompts = await judged(workbench);
  await looksRight(one, prompts);
  await looksRight(two, prompts);
  await until("one daemon holds both windows", async () => (await sessions()) === 2);
  await two.close();
  await until("it knows when a window is closed", async () => (await sessions()) === 1);
};

export const inside: Scenario = async (workbench) => {
  workbench.write("plain.md", "# No prompts here\n");
  await workbench.inside(path.join(ROOT, "extension"), path.join(ROOT, ".workbench/tests/suite.cjs"));
};
