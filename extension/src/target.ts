/** Which prompt a command is about: the one it was given, or the one at the cursor. */

import { type TextDocument, Uri, window, workspace } from "./host";
import type { Influences } from "./influences";
import { holdsPrompts } from "./language";
import type { PromptInfluence, PromptParams } from "./protocol";

/** A prompt by its place, and by its id where the server has named it. */
export interface Target {
  readonly uri: string;
  readonly prompt: string | null;
  readonly position: { readonly line: number; readonly character: number };
}

/** What a command was called with: a server's argument, a menu's file, or nothing. */
export function targetOf(argument: unknown, influences: Influences): Target | undefined {
  const given = isParams(argument) ? argument : undefined;
  const editor = window.activeTextEditor;
  if (given !== undefined) {
    const known = influences.prompt(given.uri, given.prompt);
    const position = given.position ?? known?.range.start ?? cursorIn(given.uri);
    return { uri: given.uri, prompt: given.prompt ?? null, position };
  }
  if (editor === undefined || !holdsPrompts(editor.document)) return undefined;
  const { active } = editor.selection;
  const prompt = influences.at(editor.document, active) ?? nearest(influences, editor.document, active.line);
  return {
    uri: editor.document.uri.toString(),
    prompt: prompt?.id ?? null,
    position: prompt?.range.start ?? { line: active.line, character: active.character },
  };
}

/** The prompt that a target means now, after edits of the document or a restart of the server. */
export function promptOf(target: Target, influences: Influences): PromptInfluence | undefined {
  const byId = influences.prompt(target.uri, target.prompt);
  if (byId !== undefined) return byId;
  const { line } = target.position;
  return influences.of(target.uri)?.prompts.find(({ range }) => range.start.line <= line && line <= range.end.line);
}

/** The same target as the server takes it. */
export function paramsOf(target: Target, influences: Influences): PromptParams {
  const prompt = promptOf(target, influences);
  return prompt ? { uri: target.uri, prompt: prompt.id } : { uri: target.uri, position: target.position };
}

/** Opens the target's document, so that the server knows it. */
export async function opened(target: Target): Promise<TextDocument> {
  const open = workspace.textDocuments.find((document) => document.uri.toString() === target.uri);
  return open ?? workspace.openTextDocument(Uri.parse(target.uri));
}

function isParams(argument: unknown): argument is PromptParams {
  return typeof argument === "object" && argument !== null && typeof (argument as PromptParams).uri === "string";
}

function cursorIn(uri: string): { line: number; character: number } {
  const editor = window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri);
  return editor?.selection.active ?? { line: 0, character: 0 };
}

/** The first prompt below a line, else the last one above: the cursor often rests on the settings. */
function nearest(influences: Influences, document: TextDocument, line: number): PromptInfluence | undefined {
  const prompts = influences.of(document.uri.toString())?.prompts ?? [];
  return prompts.find(({ range }) => range.start.line >= line) ?? prompts.at(-1);
}
