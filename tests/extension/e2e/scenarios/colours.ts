/** Words have the colours of their buckets: after opening, while typing, in every theme, in Markdown. */

import assert from "node:assert/strict";
import fs from "node:fs";

import type { Page } from "playwright-core";

import { expected, type Look } from "../../workbench/editor";
import { PROMPTS, until } from "../../workbench/workbench";
import { type Scenario, opened, judged, looksRight, shot, run, choose, notes, cursorTo } from "../acts";

export const colours: Scenario = async (workbench) => {
  const page = await opened(workbench);
  const prompts = await judged(workbench);
  assert.deepEqual(
    prompts.map(({ text }) => text),
    PROMPTS,
  );
  await looksRight(page, prompts);
  await until("the note stands at the end of its line", async () => {
    const shown = await notes(page);
    return prompts.every(({ note }) => shown.some((text) => text.includes(note)));
  });
  assert.ok((await page.locator(".codelens-decoration a", { hasText: "Explain" }).count()) >= 3, "each prompt has a lens Explain");
  await until("every prompt has a mark in the overview ruler", async () => (await rulerMarks(page)) === prompts.length);
  await until("every lens says what its prompt rests on", async () => {
    const lenses = await page.locator(".codelens-decoration").allInnerTexts();
    return lenses.length === prompts.length && lenses.every((text) => /\d edits/.test(text) && !/updating/.test(text));
  });
  await until("idle words are faded", async () => (await page.locator(".squiggly-inline-unnecessary").count()) > 0);
  await page.waitForTimeout(300);
  await shot(page, workbench, "editor-dark");
  await run(page, "SMILE Lens: Show Status");
  const title = page.locator(".quick-input-titlebar");
  await until("the status names model, edits and memory", async () =>
    /scenes-turbo · \d+ edits made · ([1-9]\d{2,} MB|\d+\.\d GB)/.test(await title.innerText()),
  );
  await shot(page, workbench, "status-dark");
};

/** How many stretches of the overview ruler have the colour of words that have an effect. */
async function rulerMarks(page: Page): Promise<number> {
  const [red, green, blue] = expected("dark", { bucket: 1, state: "effective" }).line!.colour;
  return page.locator("canvas.decorationsOverviewRuler").evaluate(
    (canvas: HTMLCanvasElement, wanted) => {
      const { data, width, height } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      const marked = (y: number) =>
        Array.from({ length: width }, (_, x) => 4 * (y * width + x)).some((at) =>
          wanted.every((value, i) => Math.abs(data[at + i] - value) < 3),
        );
      return Array.from({ length: height }, (_, y) => y).filter((y) => marked(y) && (y === 0 || !marked(y - 1))).length;
    },
    [red, green, blue],
  );
}

export const typing: Scenario = async (workbench) => {
  // Long enough that no half-written word is explained, however slow the machine types.
  workbench.settings({ "smileLens.debounce": 2_000 });
  const street = fs.readFileSync(workbench.file("street.edit"), "utf8");
  workbench.write("typed.edit", street);
  const page = await opened(workbench, "typed.edit");
  const before = await judged(workbench, "typed.edit");
  await looksRight(page, before);
  const first = before[0];
  const line = first.range.start.line;
  const watched = first.words.filter(({ bucket, text }) => bucket !== 0 && text !== "red");
  assert.ok(watched.length > 0, "no other word has a colour to watch");
  await page.evaluate(
    ([at, words]) => {
      const seen: (Look | undefined)[][] = [];
      const look = (window as unknown as { lookOf(...p: number[]): Look | undefined }).lookOf;
      const frame = () => {
        seen.push(words.map(([start, end]) => look(at, start, end)));
        if (seen.length < 3000) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      Object.assign(window, { seen });
    },
    [line, watched.map(({ ranges: [{ start, end }] }) => [start.character, end.character])] as const,
  );
  const red = first.words.find(({ text }) => text === "red")!;
  await cursorTo(page, line, red.ranges[0].start.character, red.ranges[0].end.character);
  await page.keyboard.press("End");
  for (let i = 0; i < 3; i++) await page.keyboard.press("Backspace");
  await page.keyboard.type("blue", { delay: 60 });
  await page.waitForTimeout(150);
  await shot(page, workbench, "stale-dark");
  const after = await judged(workbench, "typed.edit", "edit-prompt", street.replace("make the car red\n", "make the car blue\n"));
  await looksRight(page, after);
  const frames = await page.evaluate(() => (window as unknown as { seen: (Look | undefined)[][] }).seen);
  const alphas = frames.map((looks) => looks[0]?.fill?.[3] ?? (looks[0]?.line ? NaN : 0));
  const full = expected("dark", watched[0]).fill![3];
  assert.ok(
    alphas.some((alpha) => Math.abs(alpha - 0.38 * full) < 0.02),
    `‘${watched[0].text}’ was never dimmed`,
  );
  // From full to dimmed to new: at no frame plain.
  const first0 = alphas.findIndex((alpha) => alpha > 0);
  const endsPlain = (after[0].words.find(({ text }) => text === watched[0].text)?.bucket ?? 0) === 0;
  if (!endsPlain) assert.ok(!alphas.slice(first0).includes(0), `‘${watched[0].text}’ was plain in between: ${runs(alphas)}`);
};

/** "0.44 x 12, 0.17 x 3": a row of numbers as runs of equal ones. */
function runs(values: readonly number[]): string {
  const found: [number, number][] = [];
  for (const value of values) {
    const last = found.at(-1);
    if (last?.[0] === value) last[1]++;
    else found.push([value, 1]);
  }
  return found.map(([value, count]) => `${value.toFixed(2)} x ${count}`).join(", ");
}

export const themes: Scenario = async (workbench) => {
  const prompts = await judged(workbench);
  const page = await opened(workbench);
  for (const [name, theme] of [
    ["Light Modern", "light"],
    ["Dark High Contrast", "highContrast"],
    ["Light High Contrast", "highContrastLight"],
  ] as const) {
    await run(page, "Preferences: Color Theme");
    await choose(page, name);
    await looksRight(page, prompts, theme);
    await until("what fades elsewhere is not drawn as a line that means ‘against’", async () => {
      const lines = await page.locator(".view-overlays .squiggly-unnecessary").count();
      return theme === "light" ? lines > 0 : lines === 0;
    });
    await page.waitForTimeout(300);
    await shot(page, workbench, `editor-${theme}`);
  }
};

export const markdown: Scenario = async (workbench) => {
  workbench.write("notes.md", "# Cover\n\nSome text with *markup*.\n\n```edit\n---\nimage: street.png\n---\nmake the car red\n```\n");
  const page = await opened(workbench, "notes.md");
  await looksRight(page, await judged(workbench, "notes.md", "markdown"));
  await shot(page, workbench, "markdown-dark");
};

export const numbers: Scenario = async (workbench) => {
  workbench.settings({ "smileLens.inlayNumbers": true, "smileLens.notes": false });
  const page = await opened(workbench);
  const [prompt] = await judged(workbench);
  const effective = prompt.words.filter(({ state }) => state === "effective");
  assert.ok(effective.length > 0);
  await until(
    "each effective word has its number",
    async () => {
      const line = await page.evaluate(
        (at) => (window as unknown as { lineText(l: number): string }).lineText(at),
        prompt.range.start.line,
      );
      return (line.match(/[+−]\d\.\d\d/g) ?? []).length >= effective.length;
    },
    20_000,
  );
  await until("the lenses are there", async () => (await page.locator(".codelens-decoration a").count()) >= PROMPTS.length);
  await shot(page, workbench, "inlay-numbers-dark");
};
