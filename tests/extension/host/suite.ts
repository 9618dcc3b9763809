/** Tests inside of the extension host, with the whole API: what is contributed, what is offered, what it costs. */

import assert from "node:assert/strict";
import path from "node:path";

import * as vscode from "vscode";

import type { Api } from "../../../extension/src/extension";

const ID = "smile-lens.smile-lens";
const MOST_ACTIVATION = 100;

/** Called by VS Code; rejects when a test fails. */
export async function run(): Promise<void> {
  const failed: string[] = [];
  for (const [name, test] of Object.entries(TESTS)) {
    try {
      await test();
      console.log(`host ok: ${name}`);
    } catch (error) {
      failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (failed.length > 0) throw new Error(failed.join("\n"));
}

function extension(): vscode.Extension<Api> {
  const found = vscode.extensions.getExtension<Api>(ID);
  assert.ok(found, "the extension is there");
  return found;
}

function folder(): string {
  return vscode.workspace.workspaceFolders![0].uri.fsPath;
}

async function opened(name: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(path.join(folder(), name));
  await vscode.window.showTextDocument(document);
  return document;
}

async function eventually<T>(what: string, get: () => T | Promise<T>, most = 60_000): Promise<NonNullable<T>> {
  const end = Date.now() + most;
  while (Date.now() < end) {
    const value = await get();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within ${most / 1000} s: ${what}`);
}

const TESTS: Record<string, () => Promise<void>> = {
  async "Markdown without an edit fence starts nothing"() {
    await opened("plain.md");
    const api = await extension().activate();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(api.life, "off");
  },

  async "a prompt document is explained, and activation takes no time"() {
    const document = await opened("street.edit");
    assert.equal(document.languageId, "edit-prompt");
    const api = await extension().activate();
    assert.ok(api.activation < MOST_ACTIVATION, `activation took ${api.activation} ms`);
    const message = await eventually("all prompts are explained", () => {
      const now = api.influence(document.uri.toString());
      return now?.prompts.length === 3 && now.prompts.every(({ phase }) => phase === "done") ? now : undefined;
    });
    assert.equal(message.version, document.version);
  },

  async "hover, lenses, links and quick fixes come from the server"() {
    const document = await opened("street.edit");
    const at = document.positionAt(document.getText().indexOf("red") + 1);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", document.uri, at);
    const text = hovers
      .flatMap(({ contents }) => contents)
      .map((part) => (typeof part === "string" ? part : part.value))
      .join("");
    assert.match(text, /!\[[^\]]*\]\(data:image\/webp;base64,[A-Za-z0-9+/=]+\|width=\d+\)/);
    assert.ok(text.length < 100_000, "VS Code cuts longer ones");
    const trusted = hovers.flatMap(({ contents }) => contents).map((part) => (part as vscode.MarkdownString).isTrusted);
    assert.ok(
      trusted.every((value) => value !== true),
      "no hover may run any command",
    );
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", document.uri, 50);
    assert.ok(lenses.filter(({ command }) => command?.title === "Explain").length >= 3);
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>("vscode.executeLinkProvider", document.uri);
    assert.ok(links.some(({ target }) => target?.path.endsWith("/street.png")));
  },

  async "hovering the image shows it"() {
    const document = await opened("street.edit");
    const at = document.positionAt(document.getText().indexOf("street.png") + 2);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", document.uri, at);
    const text = hovers
      .flatMap(({ contents }) => contents)
      .map((part) => (part as vscode.MarkdownString).value)
      .join("");
    assert.match(text, /!\[street\.png\]\(file:.*street\.png\|height=\d+\)/);
  },

  async "every command of the manifest is there, and every one of ours is in the manifest"() {
    const manifest = extension().packageJSON as { contributes: { commands: { command: string }[] } };
    const declared = manifest.contributes.commands.map(({ command }) => command).sort();
    const all = await vscode.commands.getCommands(true);
    assert.deepEqual(
      all.filter((name) => name.startsWith("smileLens.") && !/\.(focus|open|resetViewLocation|removeView)$/.test(name)).sort(),
      declared,
    );
  },

  async "our language lifts the limit of inlay hints"() {
    const document = await opened("street.edit");
    assert.equal(vscode.workspace.getConfiguration("editor", document).get("inlayHints.maximumLength"), 0);
  },

  async "New Edit Prompt on a picture makes a document beside it, and never over another"() {
    const picture = vscode.Uri.file(path.join(folder(), "street.png"));
    await vscode.commands.executeCommand("smileLens.newPrompt", picture);
    const document = vscode.window.activeTextEditor!.document;
    assert.equal(path.basename(document.uri.fsPath), "street-2.edit");
    assert.match(document.getText(), /image: street\.png/);
    await vscode.workspace.fs.delete(document.uri);
  },

  async "the debug information names versions and settings, and no prompt"() {
    await opened("street.edit");
    await vscode.commands.executeCommand("smileLens.printDebugInformation");
    const text = vscode.window.activeTextEditor!.document.getText();
    assert.match(text, /\| daemon \| /);
    assert.match(text, /"halfWidth": 0\.04/);
    assert.doesNotMatch(text, /stormy|street\.png/);
  },
};
