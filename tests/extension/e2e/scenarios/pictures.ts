/** Where pictures are shown: hover, report and preview. */

import assert from "node:assert/strict";
import fs from "node:fs";

import { watchLooks } from "../../workbench/editor";
import { PROMPTS, until } from "../../workbench/workbench";
import { type Scenario, opened, judged, looksRight, strongest, shot, run, panelOf, cursorTo, differing, showHover } from "../acts";

/**
 * What a hover's picture shows, in shares of pixels: its panes are the edit, the edit without the word, and where the
 * word acts, in colour on grey; they are equal and stand side by side, with a gap between them.
 */
async function panes(
  element: SVGElement | HTMLElement,
  source: string,
): Promise<{ width: number; height: number; without: number; acts: number; inside: number; outside: number }> {
  const card = element as HTMLImageElement;
  await card.decode();
  const { naturalWidth: width, naturalHeight: height } = card;
  const [pane, step] = [156, 162].map((wide) => Math.round((width * wide) / 480));
  const canvas = Object.assign(document.createElement("canvas"), { width, height: pane });
  const context = canvas.getContext("2d")!;
  context.drawImage(card, 0, 0);
  const [edit, without, where] = [0, 1, 2].map((place) => context.getImageData(place * step, 0, pane, pane).data);
  const original = new Image();
  original.src = source;
  await original.decode();
  context.drawImage(original, 0, 0, pane, pane);
  const before = context.getImageData(0, 0, pane, pane).data;
  const far = (one: Uint8ClampedArray, other: Uint8ClampedArray, at: number) =>
    Math.max(...[0, 1, 2].map((channel) => Math.abs(one[at + channel] - other[at + channel]))) > 40;
  const all = Array.from({ length: pane * pane }, (_, index) => 4 * index);
  const acting = all.filter((at) => Math.max(...where.slice(at, at + 3)) - Math.min(...where.slice(at, at + 3)) > 40);
  const marked = new Set(acting);
  const share = (places: number[], holds: (at: number) => boolean) => places.filter(holds).length / Math.max(1, places.length);
  return {
    width,
    height,
    without: share(all, (at) => far(edit, without, at)),
    acts: acting.length / all.length,
    inside: share(acting, (at) => far(edit, before, at)),
    outside: share(
      all.filter((at) => !marked.has(at)),
      (at) => far(edit, before, at),
    ),
  };
}

export const hover: Scenario = async (workbench) => {
  const page = await opened(workbench);
  const prompts = await judged(workbench);
  await looksRight(page, prompts);
  const word = strongest(prompts[0]);
  const image = await showHover(page, word);
  const source = `data:image/png;base64,${fs.readFileSync(workbench.file("street.png"), "base64")}`;
  const seen = await image.evaluate(panes, source);
  assert.ok(seen.width >= 480 && seen.height >= 150, `the picture is ${seen.width} x ${seen.height}`);
  assert.ok(seen.without > 0.005, `with and without ‘${word.text}’ look alike (${seen.without})`);
  assert.ok(seen.acts > 0.005, `nothing is marked where ‘${word.text}’ acts (${seen.acts})`);
  assert.ok(seen.inside > 0.5, `where ‘${word.text}’ acts the edit looks like the picture itself (${seen.inside})`);
  assert.ok(seen.outside < 0.1 * seen.inside, `elsewhere the edit differs as well (${seen.outside})`);
  const text = (await page.locator(".monaco-hover:not(.hidden)").first().innerText()).replaceAll("\u00a0", " ");
  assert.ok(text.includes(word.label), `the hover says ${word.label}: ${text}`);
  assert.ok(text.includes("Open report"), "the hover links to the report");
  await shot(page, workbench, "hover-dark");
};

export const report: Scenario = async (workbench) => {
  const page = await opened(workbench);
  const prompts = await judged(workbench);
  await looksRight(page, prompts);
  await cursorTo(page, prompts[0].range.start.line, 0, 4);
  await run(page, "SMILE Lens: Explain Prompt");
  const panel = panelOf(page);
  await panel.locator("h1.prompt").waitFor({ timeout: 30_000 });
  const picture = panel.locator(".stage img.over");
  const before = (await picture.getAttribute("src"))!;
  await page.waitForTimeout(500);
  await shot(page, workbench, "report-dark");
  const word = strongest(prompts[0]);
  const control = panel.locator(".prompt .w[role=button]", { hasText: word.text });
  await control.click();
  await until("the picture is another one", async () => (await picture.getAttribute("src")) !== before, 20_000);
  const after = (await picture.getAttribute("src"))!;
  assert.ok((await differing(panel, before, after)) > 0.005, `the edit without ‘${word.text}’ looks like the whole one`);
  assert.equal(await control.getAttribute("aria-pressed"), "true");
  await until("the finding is spoken", async () => /of the way/.test(await panel.locator(".said").innerText()));
  // The same by keyboard: Escape puts the words back, Enter leaves the next one out.
  await control.press("Escape");
  await until("the words are back", async () => (await picture.getAttribute("src")) === before);
  await control.press("Enter");
  await until("the word is out again", async () => (await picture.getAttribute("src")) === after, 20_000);
  const slider = panel.locator(".stage input[type=range]");
  await slider.focus();
  for (let i = 0; i < 50; i++) await slider.press("ArrowRight");
  assert.match(await picture.evaluate((image) => getComputedStyle(image).clipPath), /50%/);
  await shot(page, workbench, "report-without-word-dark");
  const policy = workbench.errors.filter((text) => /Content Security Policy/.test(text));
  assert.deepEqual(policy, [], "the page breaks its own policy");
  // The report of before is there after a reload of the window, with the word still out.
  const reloaded = page.waitForEvent("load", { timeout: 30_000 });
  await run(page, "Developer: Reload Window");
  await reloaded;
  await page.waitForSelector(".monaco-workbench");
  await panel.locator("h1.prompt").waitFor({ timeout: 40_000 });
  await until("the word is still out", async () => (await control.getAttribute("aria-pressed")) === "true");
  await until("its edit is shown", async () => (await differing(panel, before, (await picture.getAttribute("src"))!)) > 0.005);
};

export const preview: Scenario = async (workbench) => {
  const page = await opened(workbench);
  const prompts = await judged(workbench);
  await looksRight(page, prompts);
  await cursorTo(page, prompts[0].range.start.line, 0, 4);
  await run(page, "SMILE Lens: Preview Edit");
  const panel = panelOf(page);
  const picture = panel.locator(".stage img.over");
  await until(
    "the first prompt's picture",
    async () => (await panel.locator("h1.prompt").innerText()).replaceAll(/\s+/g, " ").trim() === PROMPTS[0],
    20_000,
  );
  const first = await picture.getAttribute("src");
  await shot(page, workbench, "preview-dark");
  await cursorTo(page, prompts[1].range.start.line, 0, 4);
  await until("the preview follows the cursor", async () => (await picture.getAttribute("src")) !== first, 20_000);
  assert.match(await panel.locator("h1.prompt").innerText(), /stormy/);
};

/** The walkthrough's own scene, which needs no network: these pictures are those of the README. */
export const example: Scenario = async (workbench) => {
  const page = await workbench.window();
  await page.keyboard.press("Control+B");
  await page.keyboard.press("F1");
  await page.waitForSelector(".quick-input-widget:not([style*='display: none']) .quick-input-box input[type=text]");
  await page.keyboard.insertText("SMILE Lens");
  const offered = page.locator(".quick-input-list .monaco-list-row");
  await offered.filter({ hasText: "New Edit Prompt" }).waitFor();
  assert.equal(await offered.filter({ hasText: "Explain Prompt" }).count(), 0, "Explain Prompt is offered where no prompt is");
  await page.keyboard.press("Escape");
  await run(page, "SMILE Lens: Open the Example");
  await page.waitForSelector('.tab.active[data-resource-name="street.edit"]');
  await watchLooks(page);
  const prompts = await judged(workbench, "smile-lens-example/street.edit");
  assert.ok(prompts.length >= 3);
  await looksRight(page, prompts);
  await until("every lens says how much it rests on", async () => {
    const lenses = await page.locator(".codelens-decoration").allInnerTexts();
    return lenses.length === prompts.length && lenses.every((text) => /\d edits/.test(text) && !/updating/.test(text));
  });
  const longest = [...prompts].sort((one, other) => other.words.length - one.words.length)[0];
  await cursorTo(page, longest.range.start.line, 0, 4);
  await page.waitForTimeout(500);
  await shot(page, workbench, "example-dark");
  await showHover(page, longest.words.find(({ text }) => text === "tree") ?? strongest(longest));
  await shot(page, workbench, "example-hover-dark");
  await run(page, "SMILE Lens: Explain Prompt");
  await page.mouse.move(400, 600);
  await panelOf(page).locator("h1.prompt").waitFor();
  await until("the report is whole", async () => (await panelOf(page).locator("#notice").innerText()) === "");
  await page.waitForTimeout(500);
  await shot(page, workbench, "example-report-dark");
};
