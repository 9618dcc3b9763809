/** What must hold in a real VS Code with the real daemon and scenes-turbo. */

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import type { FrameLocator, Locator, Page } from "playwright-core";

import type { PromptInfluence } from "../../../extension/src/protocol";
import { difference, expected, type Look, lookOf, type Theme, watchLooks } from "../workbench/editor";
import { Reference } from "../workbench/reference";
import { PROMPTS, ROOT, SCREENSHOTS, until, type Workbench } from "../workbench/workbench";

type Scenario = (workbench: Workbench) => Promise<void>;

async function openFile(page: Page, name: string): Promise<void> {
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first().dblclick();
  await page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
  await page.waitForSelector(".editor-instance .view-lines .view-line");
  await watchLooks(page);
}

async function opened(workbench: Workbench, name = "street.edit"): Promise<Page> {
  const page = await workbench.window();
  await openFile(page, name);
  return page;
}

/** The reference's finished prompts for a file. */
async function judged(
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
async function looksRight(page: Page, prompts: readonly PromptInfluence[], theme: Theme = "dark"): Promise<void> {
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

async function boxOf(
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

function strongest(prompt: PromptInfluence): PromptInfluence["words"][number] {
  return [...prompt.words].sort((a, b) => Math.abs(b.influence ?? 0) - Math.abs(a.influence ?? 0))[0];
}

async function shot(page: Page, workbench: Workbench, name: string): Promise<void> {
  const folder = workbench.version === "4.100.3" ? SCREENSHOTS : path.join(SCREENSHOTS, workbench.version);
  fs.mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** Runs a command by its name in the palette. */
async function run(page: Page, command: string): Promise<void> {
  await page.keyboard.press("F1");
  await page.waitForSelector(".quick-input-widget:not([style*='display: none']) .quick-input-box input[type=text]");
  await choose(page, command);
}

/** Types into the list that is open, and takes what it finds. */
async function choose(page: Page, name: string): Promise<void> {
  await page.keyboard.insertText(name);
  const whole = page.locator(".label-name", { hasText: new RegExp(`^${name.replaceAll(" ", "\\s")}$`) });
  await page.locator(".quick-input-list .monaco-list-row", { has: whole }).first().click();
}

/** Opens the quick fixes at the cursor, once they are there. */
async function quickFixes(page: Page, title: string): Promise<Locator> {
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

function panelOf(page: Page): FrameLocator {
  return page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
}

/** The notes behind prompts, which the editor draws without text of its own. */
async function notes(page: Page): Promise<string[]> {
  const drawn = await page
    .locator(".view-line [class*=ced-]")
    .evaluateAll((spans) => spans.map((span) => getComputedStyle(span, "::after").content));
  return drawn.filter((text) => text !== "none").map((text) => text.replaceAll("\u00a0", " "));
}

async function cursorTo(page: Page, line: number, start: number, end: number): Promise<void> {
  const box = await boxOf(page, line, start, end);
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

/** The share of pixels that differ clearly between two equal stretches of a picture, or between two pictures. */
async function differing(panel: FrameLocator, one: string, other: string): Promise<number> {
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

const colours: Scenario = async (workbench) => {
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

const typing: Scenario = async (workbench) => {
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

/** Rests the mouse on a word; the picture of its hover. */
async function showHover(page: Page, word: PromptInfluence["words"][number]): Promise<Locator> {
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

const hover: Scenario = async (workbench) => {
  const page = await opened(workbench);
  const prompts = await judged(workbench);
  await looksRight(page, prompts);
  const word = strongest(prompts[0]);
  const image = await showHover(page, word);
  const seen = await image.evaluate(async (element: HTMLImageElement) => {
    await element.decode();
    const { naturalWidth: width, naturalHeight: height } = element;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d")!;
    context.drawImage(element, 0, 0);
    // The three panes are equal and stand side by side, with a gap of a 160th between them.
    const pane = Math.round((width * 156) / 480);
    const step = Math.round((width * 162) / 480);
    const tall = Math.round(pane * 0.95);
    const [withIt, without] = [0, 1].map((i) => context.getImageData(i * step, 4, pane, tall).data);
    let count = 0;
    for (let i = 0; i < withIt.length; i += 4) {
      if (Math.max(...[0, 1, 2].map((c) => Math.abs(withIt[i + c] - without[i + c]))) > 30) count++;
    }
    return { width, height, shown: element.getBoundingClientRect().width, share: (4 * count) / withIt.length };
  });
  assert.ok(seen.width >= 480 && seen.height >= 150, `the picture is ${seen.width} x ${seen.height}`);
  assert.ok(seen.share > 0.005, `with and without ‘${word.text}’ look alike (${seen.share})`);
  const text = (await page.locator(".monaco-hover:not(.hidden)").first().innerText()).replaceAll("\u00a0", " ");
  assert.ok(text.includes(word.label), `the hover says ${word.label}: ${text}`);
  assert.ok(text.includes("Open report"), "the hover links to the report");
  await shot(page, workbench, "hover-dark");
};

/** The walkthrough's own scene, which needs no network: these pictures are those of the README. */
const example: Scenario = async (workbench) => {
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

const report: Scenario = async (workbench) => {
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

const preview: Scenario = async (workbench) => {
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

const quickFix: Scenario = async (workbench) => {
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

const killed: Scenario = async (workbench) => {
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

const windows: Scenario = async (workbench) => {
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

const themes: Scenario = async (workbench) => {
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

const untrusted: Scenario = async (workbench) => {
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

const missingImage: Scenario = async (workbench) => {
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

const markdown: Scenario = async (workbench) => {
  workbench.write("notes.md", "# Cover\n\nSome text with *markup*.\n\n```edit\n---\nimage: street.png\n---\nmake the car red\n```\n");
  const page = await opened(workbench, "notes.md");
  await looksRight(page, await judged(workbench, "notes.md", "markdown"));
  await shot(page, workbench, "markdown-dark");
};

const numbers: Scenario = async (workbench) => {
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

/** The one message that says this, and its one button. */
async function message(page: Page, text: string, button: string): Promise<void> {
  const toast = page.locator(".notification-toast", { hasText: text });
  await toast.first().waitFor();
  assert.deepEqual(await toast.locator(".monaco-text-button").allInnerTexts(), [button], text);
  assert.equal(await page.locator(".notification-toast", { hasText: "SMILE" }).count(), 1, "one fault, one message");
  // The message slides in.
  await page.waitForTimeout(400);
}

/** A program under the name of the server. */
function program(workbench: Workbench, text: string): string {
  const file = path.join(workbench.folder, "smile");
  fs.writeFileSync(file, text, { mode: 0o755 });
  return file;
}

const notThere: Scenario = async (workbench) => {
  workbench.settings({ "smileLens.path": "/nowhere/smile", "smileLens.python": "/nowhere/python" });
  const page = await opened(workbench);
  await message(page, "names /nowhere/smile", "Change the path");
  await shot(page, workbench, "no-program-dark");
  await run(page, "Notifications: Clear All Notifications");
  await run(page, "SMILE Lens: Install or Update");
  await message(page, "needs Python 3.11 or newer, and none was found", "Choose Python");
  await shot(page, workbench, "no-python-dark");
};

const notInstalled: Scenario = async (workbench) => {
  workbench.settings({ "smileLens.path": "", "smileLens.python": program(workbench, "#!/bin/sh\necho 3.9.2\n") });
  const page = await opened(workbench);
  await message(page, "SMILE Lens is not installed", "Install");
  await page.locator(".notification-toast .monaco-text-button", { hasText: "Install" }).click();
  await message(page, "needs Python 3.11 or newer; ", "Choose Python");
};

const crashes: Scenario = async (workbench) => {
  const broken = "#!/bin/sh\necho 'ImportError: no module named torch' >&2\nexit 1\n";
  workbench.settings({ "smileLens.path": program(workbench, broken) });
  const page = await opened(workbench);
  await message(page, "ImportError: no module named torch", "Start again");
  await shot(page, workbench, "crash-dark");
};

const otherVersion: Scenario = async (workbench) => {
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

const modelFails: Scenario = async (workbench) => {
  workbench.write("model.edit", "---\nimage: street.png\nmodel: weights\n---\nmake the car red\n");
  fs.mkdirSync(workbench.file("weights"));
  fs.writeFileSync(workbench.file("weights/model_index.json"), JSON.stringify({ _class_name: "NoSuchPipeline" }));
  workbench.settings({ "smileLens.runByModel": { [fs.realpathSync(workbench.file("weights"))]: "typing" } });
  const page = await opened(workbench, "model.edit");
  await message(page, "weights", "Choose a model");
  await until("the line says it too", async () => (await notes(page)).some((text) => text.includes("weights")));
  await shot(page, workbench, "model-fails-dark");
};

const inside: Scenario = async (workbench) => {
  workbench.write("plain.md", "# No prompts here\n");
  await workbench.inside(path.join(ROOT, "extension"), path.join(ROOT, ".workbench/tests/suite.cjs"));
};

export const SCENARIOS: readonly (readonly [string, Scenario])[] = [
  ["words have the colours of their buckets", colours],
  ["a changed word dims the others until new colours come", typing],
  ["the hover shows a decoded picture that differs where the word acts", hover],
  ["Explain opens the report, and its words switch the picture", report],
  ["the example of the walkthrough is explained without a network", example],
  ["the preview follows the cursor", preview],
  ["a quick fix removes idle words", quickFix],
  ["kill -9 of the daemon, and the colours come back", killed],
  ["two windows share one daemon", windows],
  ["light and high-contrast themes", themes],
  ["a Markdown fence is coloured", markdown],
  ["influences as inlay numbers", numbers],
  ["an image that is not there has a button", missingImage],
  ["a program that is not there has a button", notThere],
  ["without the server and a Python for it, one message with a button", notInstalled],
  ["a server that crashes names the cause, with a button", crashes],
  ["a server of another version has a button", otherVersion],
  ["a model that fails to load has a button", modelFails],
  ["tests inside of the extension host", inside],
  ["an untrusted workspace runs nothing", untrusted],
];
