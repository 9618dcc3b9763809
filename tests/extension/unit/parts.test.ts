/** The parts that hold state: restarts, colours, progress, troubles, the search for programs. */

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { beforeEach, test } from "node:test";

import { findSmile, type Places } from "../../../extension/src/find";
import { Influences } from "../../../extension/src/influences";
import { LINE_WIDTHS, styleOf } from "../../../extension/src/looks";
import { afterChange, LOOKS, lookOf, marksOf } from "../../../extension/src/marks";
import { page } from "../../../extension/src/page";
import { Painter } from "../../../extension/src/painter";
import { previewHtml } from "../../../extension/src/previews";
import { RunProgress } from "../../../extension/src/progress";
import type { InfluenceParams, PromptInfluence, WordInfluence } from "../../../extension/src/protocol";
import { candidates, findPython } from "../../../extension/src/python";
import { CrashBudget, RestartQueue } from "../../../extension/src/restarts";
import type { Server } from "../../../extension/src/server";
import { serverSettings, SHARED } from "../../../extension/src/settings";
import { tell } from "../../../extension/src/trouble";
import { troublesOf } from "../../../extension/src/troubles";
import { EventEmitter, seen, Uri, window, workspace } from "./vscode";

const URI = "file:///a/street.edit";
const ROOT = process.env.SMILE_ROOT!;

function word(text: string, start: number, more: Partial<WordInfluence> = {}): WordInfluence {
  const ranges = [{ start: { line: 0, character: start }, end: { line: 0, character: start + text.length } }];
  return {
    text,
    ranges,
    state: "effective",
    bucket: 8,
    influence: 0.5,
    low: 0.4,
    high: 0.6,
    label: "+0.50 ± 0.10",
    rank: [1, 1],
    partner: null,
    stale: false,
    ...more,
  };
}

function prompt(more: Partial<PromptInfluence> = {}): PromptInfluence {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 7 } };
  const words = [word("car", 0), word("red", 4, { bucket: -2 })];
  return {
    id: "p1",
    text: "car red",
    range,
    words,
    phase: "done",
    note: "red +0.50",
    summary: "",
    quality: null,
    forecast: null,
    trouble: null,
    ...more,
  };
}

function params(version: number, ...prompts: PromptInfluence[]): InfluenceParams {
  return { uri: URI, version, prompts };
}

function editorOn(version: number) {
  const drawn = new Map<unknown, unknown[]>();
  const document = {
    uri: Uri.parse(URI),
    version,
    lineCount: 1,
    lineAt: () => ({ range: { end: { line: 0, character: 7 } } }),
  };
  const editor = {
    document,
    calls: 0,
    drawn,
    setDecorations: (type: unknown, ranges: unknown[]) => void (drawn.set(type, ranges), editor.calls++),
  };
  workspace.textDocuments = [document];
  window.visibleTextEditors = [editor];
  return editor;
}

beforeEach(() => {
  Object.assign(seen, { types: [], progress: [], messages: [] });
});

test("restarts asked for during one become exactly one more", async () => {
  let runs = 0;
  const release: (() => void)[] = [];
  const queue = new RestartQueue(() => new Promise((resolve) => (runs++, release.push(resolve))));
  const all = [queue.request(), queue.request(), queue.request(), queue.request()];
  assert.equal(runs, 1);
  release[0]();
  await all[0];
  await new Promise(setImmediate);
  assert.equal(runs, 2);
  release[1]();
  await Promise.all(all);
  assert.equal(runs, 2);
});

test("a failed run does not block the next", async () => {
  let runs = 0;
  const queue = new RestartQueue(async () => {
    if (++runs === 1) throw new Error("no");
  });
  await assert.rejects(queue.request());
  await queue.request();
  assert.equal(runs, 2);
});

test("the fifth crash within three minutes is one too many, later ones count anew", () => {
  const budget = new CrashBudget();
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((second) => budget.spend(second * 1000)),
    [true, true, true, true, false],
  );
  assert.ok(budget.spend(10 * 60_000));
});

test("every look has a style, and the widths are those of the ramp", () => {
  const ramp = JSON.parse(fs.readFileSync(path.join(ROOT, "smile_core/report/colours.json"), "utf8")) as {
    themes: Record<string, { line_width: number[] }>;
  };
  assert.deepEqual([...LINE_WIDTHS], ramp.themes.dark.line_width);
  for (const step of LINE_WIDTHS.keys()) {
    assert.equal(styleOf(`positive${step + 1}`, true)?.lineWidth, ramp.themes.highContrast.line_width[step]);
  }
  assert.equal(LOOKS.length, 43);
  assert.equal(styleOf("negative3", false)?.lineStyle, "dashed");
  assert.match(styleOf("positive8.stale", false)!.fill!, /color-mix\(in srgb, var\(--vscode-smileLens-positive8\) 38%/);
  assert.equal(styleOf("unsure", false)?.fill, undefined);
});

test("only effective and unsure words have a look", () => {
  const cases: [Partial<WordInfluence>, string | undefined][] = [
    [{ bucket: 3 }, "positive3"],
    [{ bucket: -10, stale: true }, "negative10.stale"],
    [{ bucket: 0 }, undefined],
    [{ state: "idle", bucket: 1 }, undefined],
    [{ state: "partner", bucket: 0 }, undefined],
    [{ state: "unsure", bucket: 2 }, "unsure"],
    [{ state: "unread" }, "unread"],
    [{ state: "waiting", bucket: 0 }, undefined],
  ];
  for (const [given, look] of cases) assert.equal(lookOf(word("a", 0, given)), look);
});

test("a change dims its own prompt and leaves others alone", () => {
  const other = prompt({
    id: "p2",
    range: { start: { line: 3, character: 0 }, end: { line: 3, character: 3 } },
    words: [{ ...word("sky", 0), ranges: [{ start: { line: 3, character: 0 }, end: { line: 3, character: 3 } }] }],
  });
  const change = { range: { start: { line: 0, character: 7 }, end: { line: 0, character: 7 } }, text: "der" };
  const [first, second] = afterChange(marksOf(params(1, prompt(), other)), change, "updating");
  assert.deepEqual(
    first.marks.map(({ look }) => look),
    ["positive8.stale", "negative2.stale"],
  );
  assert.equal(first.note, "updating");
  assert.deepEqual(
    second.marks.map(({ look }) => look),
    ["positive8"],
  );
});

test("decoration types are made once, whatever is drawn, and anew only for high contrast", () => {
  const influences = new Influences();
  const editor = editorOn(1);
  const painter = new Painter(influences);
  const made = seen.types.length;
  for (const bucket of [1, 5, -3, 10]) influences.take(params(1, prompt({ words: [word("car", 0, { bucket })] })));
  assert.equal(seen.types.length, made);
  window.activeColorTheme = { kind: 3 };
  seen.themes.fire(undefined);
  assert.equal(seen.types.length, 2 * made - 1);
  assert.ok(seen.types.filter(({ disposed }) => disposed).length === made - 1);
  const shown = [...editor.drawn].filter(([type, ranges]) => !(type as { disposed: boolean }).disposed && ranges.length > 0);
  assert.equal(shown.length, 2, "the word and the note are there again");
  window.activeColorTheme = { kind: 2 };
  painter.dispose();
});

test("a message of another version is dropped, and the same one twice draws nothing", () => {
  const influences = new Influences();
  const editor = editorOn(2);
  const painter = new Painter(influences);
  assert.ok(!influences.take(params(1, prompt())));
  assert.equal(editor.calls, 0);
  assert.ok(influences.take(params(2, prompt())));
  const calls = editor.calls;
  influences.take(params(2, prompt()));
  assert.equal(editor.calls, calls + 1, "only the note is set again");
  painter.dispose();
});

function progressOf(now: { time: number }) {
  const executed: unknown[] = [];
  const lives = new EventEmitter<unknown>();
  const server = { execute: async (...args: unknown[]) => executed.push(args), onDidChangeLife: lives.event } as unknown as Server;
  const influences = new Influences();
  editorOn(1);
  return { influences, executed, progress: new RunProgress(influences, server, () => now.time) };
}

test("a long run shows progress with a Cancel that reaches the server; a short one shows none", async () => {
  const now = { time: 0 };
  const { influences, executed } = progressOf(now);
  const running = (made: number, secondsLeft: number) =>
    params(1, prompt({ phase: "running", forecast: { made, expected: 40, secondsLeft } }));
  influences.take(running(1, 30));
  assert.equal(seen.progress.length, 0);
  now.time = 2_500;
  influences.take(running(10, 20));
  assert.equal(seen.progress.length, 1);
  influences.take(running(20, 10));
  assert.deepEqual(
    seen.progress[0].reports.map(({ message }) => message),
    ["10 of about 40 edits, 20 s left", "20 of about 40 edits, 10 s left"],
  );
  assert.equal(
    seen.progress[0].reports.reduce((sum, { increment }) => sum + increment, 0),
    50,
  );
  seen.progress[0].cancel();
  assert.deepEqual(executed, [["smile.cancel", { uri: URI, prompt: "p1" }]]);
  influences.take(params(1, prompt()));
  await new Promise(setImmediate);
  assert.ok(seen.progress[0].done);
  now.time = 10_000;
  influences.take(running(39, 0.4));
  now.time = 20_000;
  influences.take(running(39, 0.4));
  assert.equal(seen.progress.length, 1, "what is nearly done is not announced");
});

test("one message at a time for one trouble, and its button acts", async () => {
  let acted = 0;
  const trouble = { text: "no model", button: "Choose a model", act: () => acted++ };
  const first = tell(trouble);
  void tell(trouble);
  assert.equal(seen.messages.length, 1);
  assert.deepEqual(seen.messages[0].buttons, ["Choose a model"]);
  seen.messages[0].answer("Choose a model");
  await first;
  assert.equal(acted, 1);
});

test("troubles of the text stay in the text; those of models are told", () => {
  const trouble = (kind: "image" | "model") => ({ kind, text: kind, button: "b", command: "c", range: null });
  const told = troublesOf(params(1, prompt({ trouble: trouble("image") }), prompt({ id: "p2", trouble: trouble("model") })));
  assert.deepEqual(
    told.map(({ trouble: { text } }) => text),
    ["model"],
  );
});

const PLACES: Places = { setting: "", searchPath: "", python: undefined, own: "/own", home: "/home/me", windows: false, runs: () => true };

test("the program: set, on PATH, beside Python, our own, in this order", () => {
  const only = (...files: string[]) => ({ runs: (file: string) => files.includes(file) });
  assert.deepEqual(findSmile({ ...PLACES, setting: "~/smile" }), { program: "/home/me/smile", by: "setting" });
  assert.deepEqual(findSmile({ ...PLACES, setting: "/gone", ...only() }), { missing: "/gone" });
  assert.deepEqual(findSmile({ ...PLACES, searchPath: "/a:/b", ...only("/b/smile") }), { program: "/b/smile", by: "path" });
  assert.deepEqual(findSmile({ ...PLACES, python: "/v/bin/python", ...only("/v/bin/smile", "/own/bin/smile") }), {
    program: "/v/bin/smile",
    by: "python",
  });
  assert.deepEqual(findSmile({ ...PLACES, ...only("/own/bin/smile") }), { program: "/own/bin/smile", by: "own" });
  assert.equal(findSmile({ ...PLACES, ...only() }), undefined);
});

test("no program is taken from a relative place, which the open folder would decide", () => {
  assert.deepEqual(findSmile({ ...PLACES, setting: "./smile" }), { missing: "./smile" });
  assert.deepEqual(findSmile({ ...PLACES, searchPath: ".::bin" }), { program: "/own/bin/smile", by: "own" });
  assert.deepEqual(findSmile({ ...PLACES, windows: true, searchPath: "C:\\tools;.", runs: (file) => file === "C:\\tools\\smile.exe" }), {
    program: "C:\\tools\\smile.exe",
    by: "path",
  });
});

test("the first Python that is new enough, else the one that is too old, else none", async () => {
  const run = async (program: string) => {
    const version = { python3: "3.9.2\n", "python3.12": "3.12.1\n" }[program];
    if (version === undefined) throw new Error("not there");
    return version;
  };
  assert.deepEqual(await findPython(candidates("", undefined, false), run), { program: "python3.12", version: "3.12.1", fits: true });
  assert.deepEqual(await findPython(["python3"], run), { program: "python3", version: "3.9.2", fits: false });
  assert.equal(await findPython(["python3.14"], run), undefined);
  assert.deepEqual(candidates("/my/python", "/other", false), ["/my/python"]);
});

test("the server gets every shared setting, and never a trust that is not there", () => {
  const sent = serverSettings({ get: (name) => `<${name}>` }, false, false);
  assert.deepEqual(Object.keys(sent).sort(), [...SHARED, "hoverImages", "commandLinks", "theme", "trusted"].sort());
  assert.equal(sent.theme, "light");
  assert.equal(sent.trusted, false);
});

test("the page's policy has a new nonce each time and allows nothing inline", () => {
  const webview = { cspSource: "https://x.test", asWebviewUri: (uri: Uri) => uri };
  const make = () => page(webview as never, Uri.file("/ext") as never, "report");
  const policies = [make(), make()].map((html) => /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1]);
  assert.notEqual(policies[0], policies[1]);
  for (const policy of policies) {
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|blob:|http:/);
    assert.ok(Buffer.from(/'nonce-([^']*)'/.exec(policy)![1], "base64").length >= 16);
  }
  assert.doesNotMatch(make().replace(/<script nonce="[^"]*" src="[^"]*"><\/script>/, ""), /<script|<style|\son\w+=|\sstyle=/);
});

test("a user's words are text in the preview, never markup", () => {
  const edit = { text: "", picture: null, source: "", known: true, response: null, notes: ['<img src="x">'] };
  const html = previewHtml(edit, prompt({ words: [word('<script>"', 0)] }));
  assert.doesNotMatch(html, /<script|<img/);
  assert.match(html, /&#60;script&#62;/);
});
