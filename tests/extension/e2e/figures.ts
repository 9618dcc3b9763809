/** Figures of the extension in a real VS Code, as one line of JSON: keystroke to new colours, activation, requests. */

import fs from "node:fs";

import type { Page } from "playwright-core";

import { type Look, watchLooks } from "../workbench/editor";
import { until, Workbench } from "../workbench/workbench";

const ROUNDS = 2;
const DEBOUNCE = 250;
/** The first is there at the start; each of the others is new once. */
const WORDS = "red crimson scarlet orange amber yellow golden green emerald blue navy purple violet white ivory black ebony".split(" ");
const LINE = 3;
const CAR = [9, 12] as const;

interface Watched {
  readonly lookOf: (line: number, start: number, end: number) => Look | undefined;
  readonly lineNote: (line: number) => string;
  pressed: number;
}

/**
 * Milliseconds from the last key press to the first frame in which the note has its numbers again and ‘car’, which
 * has an effect in every one of these prompts, is drawn fresh.
 */
function untilFresh(page: Page): Promise<number> {
  return page.evaluate(
    ([line, [start, end]]) =>
      new Promise<number>((resolve) => {
        const { lookOf, lineNote, pressed } = window as unknown as Watched;
        const frame = () => {
          const fresh = lookOf(line, start, end)?.fill !== undefined && /\d/.test(lineNote(line));
          if (fresh) resolve(performance.now() - pressed);
          else requestAnimationFrame(frame);
        };
        frame();
      }),
    [LINE, CAR] as const,
  );
}

/** What the extension's own log says of its activation, in milliseconds. */
function activation(home: string): number {
  const logs = fs
    .readdirSync(`${home}/data/logs`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("SMILE Lens.log"))
    .map((name) => fs.readFileSync(`${home}/data/logs/${name}`, "utf8"));
  return Number(/activated in ([\d.]+) ms/.exec(logs.join(""))?.[1]);
}

async function typed(workbench: Workbench): Promise<number[]> {
  const page = await workbench.window();
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "colour.edit" }).dblclick();
  await page.waitForSelector(".editor-instance .view-lines .view-line");
  await watchLooks(page);
  await page.evaluate(() => document.addEventListener("keydown", ({ timeStamp }) => Object.assign(window, { pressed: timeStamp }), true));
  await until(
    "the first colours are there",
    () => page.evaluate((line) => /\d/.test((window as unknown as Watched).lineNote(line)), LINE),
    120_000,
  );
  await page.locator(".view-line", { hasText: "make the car" }).click();
  await page.keyboard.press("End");
  const times: number[] = [];
  for (let turn = 0; turn < (ROUNDS + 1) * WORDS.length - 1; turn++) {
    for (let letter = 0; letter < WORDS[turn % WORDS.length].length; letter++) await page.keyboard.press("Backspace");
    await page.keyboard.type(WORDS[(turn + 1) % WORDS.length], { delay: 50 });
    times.push(await untilFresh(page));
    await page.waitForTimeout(150);
  }
  return times;
}

const [, , version, vsix] = process.argv;
const workbench = new Workbench(version);
workbench.write("colour.edit", "---\nimage: street.png\n---\nmake the car red\n");
workbench.settings({ "smileLens.debounce": DEBOUNCE });
try {
  await workbench.start(vsix);
  const times = await typed(workbench);
  const figures = {
    debounce: DEBOUNCE,
    fresh: times.slice(0, WORDS.length - 1),
    known: times.slice(WORDS.length - 1),
    activation: activation(workbench.home),
    bytes: fs.statSync(vsix).size,
    foreign: [...workbench.foreign],
  };
  console.log(JSON.stringify(figures));
} finally {
  await workbench.stop();
}
process.exit(0);
