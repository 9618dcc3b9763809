/** Figures of the extension in a real VS Code, as one line of JSON: keystroke to new colours, activation, requests. */

import fs from "node:fs";

import { watchLooks } from "../workbench/editor";
import { until, Workbench } from "../workbench/workbench";

const KEYS = 20;
const DEBOUNCE = 250;
const WORDS = ["red", "blue", "green", "yellow", "white"];

const [, , version, vsix] = process.argv;
const workbench = new Workbench(version);
workbench.write("colour.edit", "---\nimage: street.png\n---\nmake the car red\n");
workbench.settings({ "smileLens.debounce": DEBOUNCE });
interface Looks {
  lookOf(line: number, start: number, end: number): { fill?: readonly number[]; line?: object } | undefined;
}
try {
  await workbench.start(vsix);
  const page = await workbench.window();
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "colour.edit" }).dblclick();
  await page.waitForSelector(".editor-instance .view-lines .view-line");
  await watchLooks(page);
  /** Milliseconds until ‘car’ (columns 9 to 12) and what stands behind it are drawn fresh; see `settled`. */
  const settled = () =>
    page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const start = (window as unknown as { pressed: number }).pressed;
          // Fresh colours: a fill that is not dimmed, on any word of the prompt, after having been dimmed or gone.
          let dimmed = false;
          const frame = () => {
            const { lookOf } = window as unknown as Looks;
            const car = lookOf(3, 9, 12);
            const fresh = car?.fill !== undefined && car.fill[3] > 0.3;
            if (!fresh) dimmed = true;
            if (dimmed && fresh) resolve(performance.now() - start);
            else requestAnimationFrame(frame);
          };
          frame();
        }),
    );
  await until(
    "the first colours are there",
    () => page.evaluate(() => ((window as unknown as Looks).lookOf(3, 9, 12)?.fill?.[3] ?? 0) > 0.3),
    120_000,
  );
  await page.evaluate(() => document.addEventListener("keydown", () => Object.assign(window, { pressed: performance.now() }), true));
  await page.locator(".view-line", { hasText: "make the car" }).click();
  await page.keyboard.press("End");
  const times: number[] = [];
  let word = "red";
  for (let key = 0; key < KEYS + WORDS.length; key++) {
    const next = WORDS[(WORDS.indexOf(word) + 1) % WORDS.length];
    for (const _ of word.slice(1)) await page.keyboard.press("Backspace");
    // The last letter before the last key press leaves a word that is no word; only the whole one is timed.
    await page.keyboard.press("Backspace");
    await page.keyboard.type(next);
    const time = await settled();
    // The first round makes new edits; from then on the daemon is warm and knows them.
    times.push(time);
    word = next;
    await page.waitForTimeout(100);
  }
  const log = fs
    .readdirSync(`${workbench.home}/data/logs`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("SMILE Lens.log"))
    .map((name) => fs.readFileSync(`${workbench.home}/data/logs/${name}`, "utf8"))
    .join("");
  const activation = Number(/activated in ([\d.]+) ms/.exec(log)?.[1]);
  const figures = {
    debounce: DEBOUNCE,
    first: times.slice(0, WORDS.length),
    known: times.slice(WORDS.length),
    activation,
    bytes: fs.statSync(vsix).size,
    foreign: [...workbench.foreign],
  };
  console.log(JSON.stringify(figures));
} finally {
  await workbench.stop();
}
process.exit(0);
