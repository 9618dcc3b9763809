/** What the user is told, and what is run, when the server is to be found or installed; the programs are real. */

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { Tail } from "../../../extension/src/cause";
import { Installation } from "../../../extension/src/installation";
import { seen, Uri, workspace } from "./vscode";

let home: string;
let restarts: number;
const remembered = new Map<string, unknown>();

beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), "smile-"));
  restarts = 0;
  remembered.clear();
  Object.assign(seen, { messages: [], progress: [], settings: {} });
  workspace.isTrusted = true;
});
afterEach(() => fs.rmSync(home, { recursive: true }));

function installation(): Installation {
  const context = {
    globalStorageUri: Uri.file(home),
    workspaceState: {
      get: (name: string, fallback: unknown) => remembered.get(name) ?? fallback,
      update: async (name: string, value: unknown) => void remembered.set(name, value),
    },
  };
  const logs = { extension: { info: () => undefined, show: () => undefined } };
  return new Installation(context as never, logs as never, () => void restarts++);
}

/** A Python that says its version, makes environments, and writes down what pip was asked for. */
function python(version: string, pip = 0): string {
  const file = path.join(home, "python");
  const lines = [
    "#!/bin/sh",
    `[ "$1" = -c ] && echo ${version} && exit 0`,
    `[ "$2" = venv ] && mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && exit 0`,
    `echo "$@" >> "${home}/asked"`,
    `exit ${pip}`,
  ];
  fs.writeFileSync(file, lines.join("\n"), { mode: 0o755 });
  seen.settings.python = file;
  return file;
}

function only(): { text: string; buttons: string[] } {
  assert.equal(seen.messages.length, 1);
  return seen.messages[0];
}

test("a new enough Python gets an environment of its own, and the server starts", async () => {
  python("3.12.1");
  seen.settings.installFrom = "smile-lens==0.1.0";
  await installation().install();
  const asked = fs.readFileSync(path.join(home, "asked"), "utf8");
  assert.match(asked, /^-m pip install --upgrade .*smile-lens==0\.1\.0$/m);
  assert.equal(restarts, 1);
  assert.equal(seen.messages.length, 0);
  assert.equal(seen.progress[0].title, "Installing SMILE Lens");
});

test("what fails while it is installed is one message that leads to the log", async () => {
  python("3.12.1", 1);
  void installation().install();
  while (seen.messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual([only().text, only().buttons], ["SMILE Lens could not be installed.", ["Show log"]]);
  assert.equal(restarts, 0);
});

for (const [what, prepare, wanted, button] of [
  ["an old Python", () => python("3.9.2"), /needs Python 3\.11 or newer; .* is 3\.9\.2/, "Choose Python"],
  ["no Python", () => (seen.settings.python = "/nowhere/python"), /needs Python 3\.11 or newer, and none was found/, "Choose Python"],
  ["no trust", () => (workspace.isTrusted = false), /installs nothing while the workspace is not trusted/, "Manage trust"],
] as const) {
  test(`${what}: one message, one button, nothing run`, async () => {
    prepare();
    void installation().install();
    while (seen.messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.match(only().text, wanted);
    assert.deepEqual(only().buttons, [button]);
    assert.ok(!fs.existsSync(path.join(home, "environment")) && !fs.existsSync(path.join(home, "asked")));
  });
}

test("a missing program is offered once, and a set one that is not there is named", async () => {
  const path_ = process.env.PATH;
  process.env.PATH = "";
  try {
    const part = installation();
    assert.equal(await part.find(), undefined);
    assert.equal(await part.find(), undefined);
    assert.match(only().text, /is not installed/);
    assert.deepEqual(only().buttons, ["Install"]);
    seen.settings.path = "/nowhere/smile";
    await part.find();
    assert.match(seen.messages[1].text, /names \/nowhere\/smile/);
    assert.deepEqual(seen.messages[1].buttons, ["Change the path"]);
  } finally {
    process.env.PATH = path_;
  }
});

test("the end of a program is heard to its last word", async () => {
  const { PassThrough } = await import("node:stream");
  const stream = new PassThrough();
  const tail = new Tail();
  tail.follow(stream, () => undefined);
  const ended = tail.ended;
  stream.write("ImportError: no torch\n");
  stream.end();
  stream.destroy();
  await ended;
  assert.match(tail.text, /no torch/);
  await tail.ended;
});
