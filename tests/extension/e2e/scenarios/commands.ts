/** What the palette, the menus and the quick fixes do. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import type { Page } from "playwright-core";

import { PROMPTS, ROOT, SMILE, until, type Workbench } from "../../workbench/workbench";
import { boxOf, cursorTo, judged, looksRight, notes, opened, panelOf, quickFixes, run, type Scenario, shot } from "../acts";

export const quickFix: Scenario = async (workbench) => {
  workbench.write("idle.edit", "---\nimage: street.png\n---\nplease make the car red\n");
  const page = await opened(workbench, "idle.edit");
  const [prompt] = await judged(workbench, "idle.edit");
  await looksRight(page, [prompt]);
  const idle = prompt.words.filter(({ state }) => state === "idle");
  assert.ok(idle.length > 0, `scenes-turbo uses every word of ‘${prompt.text}’: ${prompt.words.map(({ label }) => label).join()}`);
  const [{ start, end }] = idle[0].ranges;
  await cursorTo(page, start.line, start.character, end.character);
  await quickFixes(page, "Remove");
  await shot(page, workbench, "quick-fix-dark");
  await page.keyboard.press("Enter");
  await until("the word is gone", async () => {
    const text = await page.evaluate((line) => (window as unknown as { lineText(l: number): string }).lineText(line), start.line);
    return idle.some((word) => !new RegExp(`\\b${word.text}\\b`).test(text));
  });
};

/** The text of the file as the editor shows it, line by line. */
async function lines(page: Page): Promise<string[]> {
  const line = (number: number) =>
    page.evaluate((at) => (window as unknown as { lineText(l: number): string | undefined }).lineText(at), number);
  const found: string[] = [];
  for (let number = 0; ; number++) {
    const text = await line(number);
    if (text === undefined) return found;
    found.push(text);
  }
}

export const chooseModel: Scenario = async (workbench) => {
  workbench.write("bare.edit", "---\nimage: street.png\n---\nmake the car red\n");
  const page = await opened(workbench, "bare.edit");
  await looksRight(page, await judged(workbench, "bare.edit"));
  await run(page, "SMILE Lens: Choose Model");
  const row = page.locator(".quick-input-list .monaco-list-row", { hasText: "scenes-turbo" });
  await row.first().waitFor();
  assert.match(await row.first().innerText(), /Img2Img-Turbo/);
  await shot(page, workbench, "choose-model-dark");
  await row.first().click();
  await until("the model is written", async () => (await lines(page)).includes("model: scenes-turbo"));
  const prompts = await judged(workbench, "bare.edit", "edit-prompt", (await lines(page)).join("\n"));
  await looksRight(page, prompts);
};

/** A second picture, so that setting it can be seen. */
async function secondPicture(workbench: Workbench): Promise<string> {
  await workbench.smile("scene", "--seed", "7", "--out", workbench.file("park.png"));
  return workbench.file("park.png");
}

export const chooseImage: Scenario = async (workbench) => {
  const picture = await secondPicture(workbench);
  const page = await opened(workbench);
  await looksRight(page, await judged(workbench));
  await run(page, "SMILE Lens: Choose Image");
  const dialog = page.locator(".quick-input-widget:not([style*='display: none'])");
  await dialog.getByText("Choose the image").first().waitFor();
  await until("the dialog lists the pictures", async () => (await dialog.locator(".monaco-list-row", { hasText: "park.png" }).count()) > 0);
  await shot(page, workbench, "choose-image-dark");
  await dialog.locator(".quick-input-box input").first().fill(picture);
  await page.keyboard.press("Enter");
  await until("the image is written", async () => (await lines(page)).includes("image: park.png"));
  await thumbnail(page, "park.png");
};

/** Waits for the gutter to show a picture. */
async function thumbnail(page: Page, name: string): Promise<void> {
  await until(`the gutter shows ${name}`, async () => {
    const drawn = await page
      .locator(".glyph-margin-widgets .cgmr")
      .evaluateAll((glyphs) => glyphs.map((glyph) => getComputedStyle(glyph).backgroundImage));
    return drawn.some((image) => image.includes(name));
  });
}

export const dropImage: Scenario = async (workbench) => {
  await secondPicture(workbench);
  const page = await opened(workbench);
  await looksRight(page, await judged(workbench));
  const row = page.locator(".explorer-folders-view .monaco-list-row", { hasText: "park.png" }).first();
  const from = (await row.boundingBox())!;
  const to = await boxOf(page, 5, 0, 4);
  await page.mouse.move(from.x + 40, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + from.height / 2, { steps: 3 });
  // With Shift the editor takes the file; without, it opens it.
  await page.keyboard.down("Shift");
  await page.mouse.move(to.x, to.y + to.height / 2, { steps: 8 });
  await page.waitForTimeout(300);
  await page.mouse.move(to.x + 3, to.y + to.height / 2);
  await page.mouse.up();
  await page.keyboard.up("Shift");
  await until("the dropped picture is written", async () => (await lines(page)).includes("image: park.png"));
  await thumbnail(page, "park.png");
  await shot(page, workbench, "drop-image-dark");
};

export const compare: Scenario = async (workbench) => {
  // A model of the user's own, here a copy under another name; both are in memory once their prompts were explained.
  fs.cpSync(path.join(ROOT, "smile_core/scenes/weights/scenes-inpaint"), workbench.file("mine"), { recursive: true });
  const mine = fs.realpathSync(workbench.file("mine"));
  workbench.settings({ "smileLens.runByModel": { [mine]: "typing" } });
  workbench.write("mine.edit", "---\nimage: street.png\nmodel: mine\narea: 48,80,108,126\n---\nmake the car red\n");
  const page = await opened(workbench, "mine.edit");
  await until("its prompt is explained", async () => (await notes(page)).some((text) => /\d/.test(text)), 60_000);
  await cursorTo(page, 5, 0, 4);
  await run(page, "SMILE Lens: Compare Models");
  const rows = page.locator(".quick-input-list .monaco-list-row");
  await rows.filter({ hasText: "scenes-turbo" }).first().waitFor();
  await rows.filter({ hasText: mine }).first().waitFor();
  for (const name of ["scenes-inpaint", "scenes-turbo", mine]) {
    const box = rows.filter({ hasText: name }).first().locator("input[type=checkbox], .monaco-checkbox").first();
    if (!(await box.isChecked())) await box.click();
  }
  await shot(page, workbench, "choose-models-dark");
  await page.locator(".quick-input-widget .monaco-button", { hasText: "OK" }).click();
  const panel = panelOf(page);
  await panel.locator("caption", { hasText: "make the car red" }).waitFor({ timeout: 60_000 });
  assert.deepEqual(await panel.locator("thead th").allInnerTexts(), ["scenes-inpaint", "scenes-turbo", "mine"]);
  const words = await panel.locator("body").innerText();
  for (const word of ["make", "the", "car", "red"]) assert.ok(words.includes(word), `‘${word}’ is not in the comparison`);
  assert.match(words, /1\.00/, "equal weights rank words alike");
  await page.waitForTimeout(500);
  await shot(page, workbench, "compare-dark");
};

export const exportReport: Scenario = async (workbench) => {
  const page = await opened(workbench);
  const prompts = await judged(workbench);
  await looksRight(page, prompts);
  await cursorTo(page, prompts[0].range.start.line, 0, 4);
  for (const format of ["html", "json", "png"]) {
    await run(page, "SMILE Lens: Export Report");
    const dialog = page.locator(".quick-input-widget:not([style*='display: none'])");
    await dialog.getByText("Export report").first().waitFor();
    const box = dialog.locator(".quick-input-box input").first();
    await until("the page's name comes from the document's", async () => (await box.inputValue()).endsWith("/street.html"));
    const file = workbench.file(`kept.${format}`);
    await box.fill(file);
    await page.keyboard.press("Enter");
    const toast = page.locator(".notification-toast", { hasText: `The report is in kept.${format}.` });
    await toast.waitFor({ timeout: 30_000 });
    if (format === "html") await shot(page, workbench, "export-dark");
    const bytes = fs.readFileSync(file);
    if (format === "html") assert.ok(bytes.includes("make") && bytes.includes("data:image/"), "the page holds words and pictures");
    else if (format === "json") assert.equal((JSON.parse(bytes.toString()) as { prompt: string }).prompt, PROMPTS[0]);
    else assert.equal(bytes.subarray(1, 4).toString(), "PNG");
    await run(page, "Notifications: Clear All Notifications");
  }
};

export const clear: Scenario = async (workbench) => {
  const page = await opened(workbench);
  await looksRight(page, await judged(workbench));
  const stored = async () => Number((JSON.parse(await workbench.smile("evidence", "--json")) as { edits: number }).edits);
  assert.ok((await stored()) > 0, "nothing is stored, so nothing can be cleared");
  await run(page, "SMILE Lens: Clear Edits");
  const dialog = page.locator(".monaco-dialog-box", { hasText: "Forget all edits" });
  await dialog.waitFor();
  await page.waitForTimeout(300);
  await shot(page, workbench, "clear-dark");
  await dialog.locator(".monaco-button", { hasText: "Cancel" }).click();
  assert.ok((await stored()) > 0, "Cancel cleared them");
  await run(page, "SMILE Lens: Clear Edits");
  await dialog.locator(".monaco-button", { hasText: "Clear" }).click();
  await until("no edit is stored", async () => (await stored()) === 0);
};

export const cancelled: Scenario = async (workbench) => {
  // Many edits of a large picture by the slowest model: long enough to wonder on any machine.
  workbench.settings({ "smileLens.budget": 400, "smileLens.halfWidth": 0.005 });
  await large(workbench.file("street.png"), workbench.file("large.png"));
  workbench.write("large.edit", "---\nimage: large.png\nmodel: scenes-ip2p\n---\nmake the big car red and remove the tall tree now\n");
  const page = await opened(workbench, "large.edit");
  const toast = page.locator(".notification-toast", { hasText: "Explaining ‘make the big car" });
  await toast.waitFor({ timeout: 60_000 });
  await until("it says how many edits are made", async () => /\d+ of about \d+ edits/.test(await toast.innerText()));
  await shot(page, workbench, "progress-dark");
  await toast.locator(".monaco-text-button", { hasText: "Cancel" }).click();
  await toast.waitFor({ state: "detached" });
  await until("the prompt says that it was stopped", async () => (await notes(page)).some((text) => /stopped/i.test(text)));
  await until("nothing runs any more", async () => {
    const status = JSON.parse(await workbench.smile("daemon", "status", "--json")) as { state: string };
    return status.state === "idle";
  });
};

/** The picture ten times as wide and high. */
async function large(from: string, to: string): Promise<void> {
  const enlarge = "import sys; from PIL import Image; i = Image.open(sys.argv[1]); i.resize([10 * n for n in i.size], 0).save(sys.argv[2])";
  await promisify(execFile)(path.join(path.dirname(SMILE), "python"), ["-c", enlarge, from, to]);
}
