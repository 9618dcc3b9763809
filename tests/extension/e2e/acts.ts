/** What a user does in a window, and what is seen of it; scenarios are made of these. */

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import type { FrameLocator, Locator, Page } from "playwright-core";

import type { PromptInfluence } from "../../../extension/src/protocol";
import { difference, expected, lookOf, watchLooks, type Theme } from "../workbench/editor";
import { Reference } from "../workbench/reference";
import { SCREENSHOTS, until, type Workbench } from "../workbench/workbench";

/** What must hold in a window; throws what does not. */
export type Scenario = (workbench: Workbench) => Promise<void>;

export async function openFile(page: Page, name: string): Promise<void> {
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first().dblclick();
  await page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
  await page.waitForSelector(".editor-instance .view-lines .view-line");
  await watchLooks(page);
}

export async function opened(workbench: Workbench, name = "street.edit"): Promise<Page> {
  const page = await workbench.window();
  await openFile(page, name);
  return page;
}

/** The reference's finished prompts for a file. */
export async function judged(
  workbench: Workbench,
  name = "street.edit",
  language = "edit-prompt",
  text?: string,
): Promise<readonly PromptInfluence[]> {
  const reference = new Reference(workbench.folder, workbench.environment);
  try {
    await reference.start();
    return await reference.finished(workbench.file(name), text ?? fs.readFileSync(workbench.file(name), "utf8"), language);
  } finally {
    reference.stop();
  }
}

/** Every word of every prompt looks as its bucket says; the first that does not is named. */
export async function looksRight(page: Page, prompts: readonly PromptInfluence[], theme: Theme = "dark"): Promise<void> {
  const wrong = async () => {
    for (const word of prompts.flatMap(({ words }) => words)) {
      for (const { start, end } of word.ranges) {
        const seen = await lookOf(page, start.line, start.character, end.character);
        if (seen === undefined) return `‘${word.text}’ is not in line ${start.line + 1}`;
        const found = difference(seen, expected(theme, word));
        if (found !== undefined) return `‘${word.text}’, bucket ${word.bucket}: ${found}`;
      }
    }
    return undefined;
  };
  let last: string | undefined;
  await until("every word has the colour of its bucket", async () => (last = await wrong()) === undefined, 60_000).catch(() =>
    assert.fail(last),
  );
  // They come after the colours and move the lines below them; before that nobody can point at a word.
  const lenses = page.locator(".codelens-decoration a", { hasText: "Explain" });
  await until("every prompt has its lens", async () => (await lenses.count()) >= prompts.length, 30_000);
  const coloured = prompts.flatMap(({ words }) => words).filter(({ bucket }) => bucket !== 0).length;
  assert.ok(coloured > 0, "no word of these prompts has a colour, so nothing was tested");
}

export async function boxOf(
  page: Page,
  line: number,
  start: number,
  end: number,
): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await page.evaluate(([a, b, c]) => (window as unknown as { boxOf(...p: number[]): DOMRect | undefined }).boxOf(a, b, c), [
    line,
    start,
    end,
  ] as const);
  assert.ok(box, `no text in line ${line + 1} from ${start}`);
  return box;
}

export function strongest(prompt: PromptInfluence): PromptInfluence["words"][number] {
  return [...prompt.words].sort((a, b) => Math.abs(b.influence ?? 0) - Math.abs(a.influence ?? 0))[0];
}

export async function shot(page: Page, workbench: Workbench, name: string): Promise<void> {
  const folder = workbench.version === "4.100.3" ? SCREENSHOTS : path.join(SCREENSHOTS, workbench.version);
  fs.mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** Runs a command by its name in the palette. */
export async function run(page: Page, command: string): Promise<void> {
  await page.keyboard.press("F1");
  await page.waitForSelector(".quick-input-widget:not([style*='display: none']) .quick-input-box input[type=text]");
  await choose(page, command);
}

/** Types into the list that is open, and takes what it finds. */
export async function choose(page: Page, name: string): Promise<void> {
  await page.keyboard.insertText(name);
  const whole = page.locator(".label-name", { hasText: new RegExp(`^${name.replaceAll(" ", "\\s")}$`) });
  await page.locator(".quick-input-list .monaco-list-row", { has: whole }).first().click();
}

/** Opens the quick fixes at the cursor, once they are there. */
export async function quickFixes(page: Page, title: string): Promise<Locator> {
  const row = page.locator(".action-widget .monaco-list-row", { hasText: title }).first();
  await until(
    `a quick fix ‘${title}’ is offered`,
    async () => {
      await page.keyboard.press("Control+.");
      const there = await row.waitFor({ timeout: 1_500 }).then(
        () => true,
        () => false,
      );
      if (!there) await page.keyboard.press("Escape");
      return there;
    },
    30_000,
  );
  return row;
}

export function panelOf(page: Page): FrameLocator {
  return page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
}

/** The notes behind prompts, which the editor draws without text of its own. */
export async function notes(page: Page): Promise<string[]> {
  const drawn = await page
    .locator(".view-line [class*=ced-]")
    .evaluateAll((spans) => spans.map((span) => getComputedStyle(span, "::after").content));
  return drawn.filter((text) => text !== "none").map((text) => text.replaceAll("\u00a0", " "));
}

export async function cursorTo(page: Page, line: number, start: number, end: number): Promise<void> {
  const box = await boxOf(page, line, start, end);
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

/** The share of pixels that differ clearly between two equal stretches of a picture, or between two pictures. */
export async function differing(panel: FrameLocator, one: string, other: string): Promise<number> {
  return panel.locator("body").evaluate(
    async (_body, sources) => {
      const pixels = await Promise.all(
        sources.map(async (source) => {
          const image = new Image();
          image.src = source;
          await image.decode();
          const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 96 });
          const context = canvas.getContext("2d")!;
          context.drawImage(image, 0, 0, 96, 96);
          return context.getImageData(0, 0, 96, 96).data;
        }),
      );
      let count = 0;
      for (let i = 0; i < pixels[0].length; i += 4) {
        if (Math.max(...[0, 1, 2].map((c) => Math.abs(pixels[0][i + c] - pixels[1][i + c]))) > 24) count++;
      }
      return (4 * count) / pixels[0].length;
    },
    [one, other],
  );
}

/** Rests the mouse on a word; the picture of its hover. */
export async function showHover(page: Page, word: PromptInfluence["words"][number]): Promise<Locator> {
  const [{ start, end }] = word.ranges;
  const image = page.locator(".monaco-hover:not(.hidden) img").first();
  await until(
    `the hover of ‘${word.text}’ has a picture`,
    async () => {
      const box = await boxOf(page, start.line, start.character, end.character);
      // Elsewhere first: a hover that came too early for the picture stays as it is.
      await page.mouse.move(box.x, box.y + 200);
      await page.mouse.move(box.x + 2, box.y + box.height / 2);
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
      return image.waitFor({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
    },
    40_000,
  );
  await page.waitForTimeout(400);
  return image;
}

/** The one message that says this, and its one button. */
export async function message(page: Page, text: string, button: string): Promise<void> {
  const toast = page.locator(".notification-toast", { hasText: text });
  await toast.first().waitFor();
  assert.deepEqual(await toast.locator(".monaco-text-button").allInnerTexts(), [button], text);
  assert.equal(await page.locator(".notification-toast", { hasText: "SMILE" }).count(), 1, "one fault, one message");
  // The message slides in.
  await page.waitForTimeout(400);
}

/** A program under the name of the server. */
export function program(workbench: Workbench, text: string): string {
  const file = path.join(workbench.folder, "smile");
  fs.writeFileSync(file, text, { mode: 0o755 });
  return file;
}
