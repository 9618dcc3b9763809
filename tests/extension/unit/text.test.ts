/** Pure functions of text and places. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { causeOf, Tail } from "../../../extension/src/cause";
import { find, set } from "../../../extension/src/frontMatter";
import { holdsPrompts } from "../../../extension/src/language";
import { bytesText, secondsText, shortened } from "../../../extension/src/numbers";
import type { Range } from "../../../extension/src/protocol";
import { type Change, shifted, stretched } from "../../../extension/src/shift";

const range = (a: number, b: number, c: number, d: number): Range => ({ start: { line: a, character: b }, end: { line: c, character: d } });

/** The oracle of `shifted`: where a word is in the text after an edit, by counting offsets in the text itself. */
function offsetOf(text: string, line: number, character: number): number {
  return (
    text
      .split("\n")
      .slice(0, line)
      .reduce((sum, row) => sum + row.length + 1, 0) + character
  );
}

function applied(text: string, change: Change): string {
  const { start, end } = change.range;
  return text.slice(0, offsetOf(text, start.line, start.character)) + change.text + text.slice(offsetOf(text, end.line, end.character));
}

function at(text: string, { start, end }: Range): string {
  return text.slice(offsetOf(text, start.line, start.character), offsetOf(text, end.line, end.character));
}

const TEXT = "make the car red\nand the sky\nstormy now";

for (const [name, change] of [
  ["an insertion before, on the same line", { range: range(0, 4, 0, 4), text: " up" }],
  ["a deletion before, on the same line", { range: range(0, 0, 0, 5), text: "" }],
  ["a new line before", { range: range(0, 8, 0, 8), text: "\n" }],
  ["two lines made one", { range: range(0, 16, 1, 0), text: " " }],
  ["lines pasted before", { range: range(0, 0, 0, 0), text: "one\ntwo\nthree " }],
  ["a change behind", { range: range(2, 7, 2, 10), text: "later" }],
] as [string, Change][]) {
  test(`words keep their text through ${name}`, () => {
    const after = applied(TEXT, change);
    for (const word of [range(0, 13, 0, 16), range(1, 8, 1, 11), range(2, 0, 2, 6)]) {
      const moved = shifted(word, change);
      assert.ok(moved);
      assert.equal(at(after, moved), at(TEXT, word));
    }
  });
}

test("a word that is written into loses its mark, its neighbours keep theirs", () => {
  const change = { range: range(0, 11, 0, 11), text: "t" };
  assert.equal(shifted(range(0, 9, 0, 12), change), undefined);
  assert.deepEqual(shifted(range(0, 5, 0, 8), change), range(0, 5, 0, 8));
  assert.deepEqual(shifted(range(0, 13, 0, 16), change), range(0, 14, 0, 17));
});

test("letters typed right before a word change it, a blank does not", () => {
  assert.equal(shifted(range(0, 9, 0, 12), { range: range(0, 9, 0, 9), text: "s" }), undefined);
  assert.deepEqual(shifted(range(0, 9, 0, 12), { range: range(0, 9, 0, 9), text: "old " }), range(0, 13, 0, 16));
});

test("a prompt grows with what is typed at its end", () => {
  assert.deepEqual(stretched(range(0, 0, 0, 16), { range: range(0, 16, 0, 16), text: " now" }), range(0, 0, 0, 20));
  assert.deepEqual(stretched(range(1, 0, 1, 11), { range: range(0, 0, 0, 0), text: "\n" }), range(2, 0, 2, 11));
});

for (const [name, before, line, key, value, after] of [
  ["replaces a value and keeps its comment", "---\nimage: a.png  # old\n---\nx", 0, "image", "b.png", "---\nimage: b.png  # old\n---\nx"],
  ["adds a key to the settings", "---\nimage: a.png\n---\nx", 3, "model", "m", "---\nimage: a.png\nmodel: m\n---\nx"],
  ["puts the image first", "---\nseed: 1\n---\nx", 3, "image", "a.png", "---\nimage: a.png\nseed: 1\n---\nx"],
  ["makes settings where there are none", "make it red", 0, "image", "a.png", "---\nimage: a.png\n---\nmake it red"],
  ["quotes what would be read as a comment", "---\n---\nx", 0, "image", "a #1.png", '---\nimage: "a #1.png"\n---\nx'],
] as [string, string, number, string, string, string][]) {
  test(`setting a key ${name}`, () => {
    const lines = before.split("\n");
    const edit = set(lines, line, false, key, value);
    assert.ok(edit);
    lines.splice(edit.first, edit.last - edit.first + 1, ...edit.text);
    assert.equal(lines.join("\n"), after);
    assert.equal(find(lines, 0, false, key)?.value, value);
  });
}

test("in Markdown only the fence at the line is changed, and nothing outside of one", () => {
  const lines = ["# title", "```edit", "make it red", "```", "", "```edit", "---", "image: a.png", "---", "x", "```"];
  assert.deepEqual(set(lines, 2, true, "image", "b.png"), { first: 2, last: 1, text: ["---", "image: b.png", "---"] });
  assert.deepEqual(set(lines, 9, true, "image", "b.png"), { first: 7, last: 7, text: ["image: b.png"] });
  assert.equal(set(lines, 0, true, "image", "b.png"), undefined);
});

test("documents of ours are .edit files and Markdown with an edit fence, on disk or new", () => {
  const sheet = (languageId: string, text: string, scheme = "file") => ({ languageId, uri: { scheme }, getText: () => text });
  assert.ok(holdsPrompts(sheet("edit-prompt", "")));
  assert.ok(holdsPrompts(sheet("markdown", "a\n```edit\nx\n```")));
  assert.ok(holdsPrompts(sheet("markdown", "~~~ edit\nx\n~~~", "untitled")));
  assert.ok(!holdsPrompts(sheet("markdown", "```editorconfig\nx\n```")));
  assert.ok(!holdsPrompts(sheet("markdown", "a\n```edit\n```", "git")));
  assert.ok(!holdsPrompts(sheet("python", "```edit")));
});

for (const [stderr, cause] of [
  ["", undefined],
  ["Traceback (most recent call last):\n  File x\nImportError: no module named torch\n", "ImportError: no module named torch"],
  [
    "Usage: smile [OPTIONS]\nTry 'smile --help' for help.\n\u256d\u2500 Error \u2500\u256e\n\u2502 No such command 'lsp'. \u2502\n\u2570\u2500\u2500\u256f\n",
    "No such command 'lsp'.",
  ],
  ["\u001b[31mno space left\u001b[0m\n\n", "no space left"],
] as [string, string | undefined][]) {
  test(`the cause in ${JSON.stringify(stderr.slice(0, 30))}`, () => assert.equal(causeOf(stderr), cause));
}

test("of a long stream only the end is kept", () => {
  const tail = new Tail(10);
  tail.add("0123456789");
  tail.add("abc");
  assert.equal(tail.text, "3456789abc");
});

test("numbers are written as people read them", () => {
  assert.deepEqual([812e6, 1.44e9].map(bytesText), ["812 MB", "1.4 GB"]);
  assert.deepEqual([0.2, 2.4, 89, 125].map(secondsText), ["under 1 s", "2 s", "89 s", "2 min"]);
  assert.equal(shortened("make   the\ncar red and the sky", 12), "make the ca…");
});
