/** Tells the server where the cursor is and what is visible, so that it explains that first. */

import { Disposable, type TextEditor, window } from "./host";
import { holdsPrompts } from "./language";
import { FOCUS, type FocusParams } from "./protocol";
import type { Server } from "./server";

const DELAY = 60;

export function tellFocus(server: Server): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const soon = (editor: TextEditor | undefined) => {
    if (editor === undefined || editor !== window.activeTextEditor || !holdsPrompts(editor.document)) return;
    clearTimeout(timer);
    timer = setTimeout(() => server.notify(FOCUS, focusOf(editor)), DELAY);
  };
  return Disposable.from(
    window.onDidChangeTextEditorSelection(({ textEditor }) => soon(textEditor)),
    window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => soon(textEditor)),
    window.onDidChangeActiveTextEditor(soon),
    server.onDidChangeLife(() => soon(window.activeTextEditor)),
    { dispose: () => clearTimeout(timer) },
  );
}

function focusOf(editor: TextEditor): FocusParams {
  const { active } = editor.selection;
  return {
    uri: editor.document.uri.toString(),
    position: { line: active.line, character: active.character },
    firstLine: editor.visibleRanges.at(0)?.start.line ?? 0,
    lastLine: editor.visibleRanges.at(-1)?.end.line ?? editor.document.lineCount - 1,
  };
}
