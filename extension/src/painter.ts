/**
 * Draws marks with decoration types that are made once: twenty steps and `unsure`, each fresh and stale, `unread`,
 * and the note. New marks replace old ones in one go, and only looks that changed are sent, so nothing flickers.
 */

import {
  DecorationRangeBehavior,
  Disposable,
  l10n,
  OverviewRulerLane,
  Range,
  type TextDocumentChangeEvent,
  type TextEditor,
  type TextEditorDecorationType,
  ThemeColor,
  window,
  workspace,
} from "./host";
import type { Influences } from "./influences";
import { isHighContrast, styleOf } from "./looks";
import { afterChange, type Look, LOOKS, marksOf, type PromptMarks } from "./marks";
import type { InfluenceParams } from "./protocol";

export class Painter {
  private readonly marks = new Map<string, readonly PromptMarks[]>();
  private readonly drawn = new WeakMap<TextEditor, Map<Look, string>>();
  private readonly disposables: Disposable[];
  private highContrast = isHighContrast();
  private types = makeTypes(this.highContrast);
  // Of the whole line, so that what is typed at its end comes before the note.
  private readonly note = window.createTextEditorDecorationType({ isWholeLine: true });
  private notes = wantsNotes();

  constructor(influences: Influences) {
    this.disposables = [
      influences.onDidChange((params) => this.take(params)),
      workspace.onDidChangeTextDocument((event) => this.change(event)),
      workspace.onDidCloseTextDocument((document) => this.marks.delete(document.uri.toString())),
      window.onDidChangeVisibleTextEditors((editors) => editors.forEach((editor) => this.paint(editor))),
      window.onDidChangeActiveColorTheme(() => this.followTheme()),
      workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration("smileLens.notes")) return;
        this.notes = wantsNotes();
        this.paintAll();
      }),
    ];
  }

  /** Removes every colour, as when the server is gone for good. */
  clear(): void {
    this.marks.clear();
    this.paintAll();
  }

  dispose(): void {
    for (const item of [...this.disposables, ...this.types.values(), this.note]) item.dispose();
  }

  private take(params: InfluenceParams): void {
    this.marks.set(params.uri, marksOf(params));
    this.paintDocument(params.uri);
  }

  private change(event: TextDocumentChangeEvent): void {
    const uri = event.document.uri.toString();
    let marks = this.marks.get(uri);
    if (marks === undefined || event.contentChanges.length === 0) return;
    // Changes of one event come from the end of the document to its start, each in the old text's positions.
    for (const change of event.contentChanges) marks = afterChange(marks, change, l10n.t("updating"));
    this.marks.set(uri, marks);
    this.paintDocument(uri);
  }

  private paintDocument(uri: string): void {
    for (const editor of window.visibleTextEditors) {
      if (editor.document.uri.toString() === uri) this.paint(editor);
    }
  }

  private paintAll(): void {
    window.visibleTextEditors.forEach((editor) => this.paint(editor));
  }

  private paint(editor: TextEditor): void {
    const prompts = this.marks.get(editor.document.uri.toString()) ?? [];
    const before = this.drawn.get(editor);
    if (before === undefined && prompts.length === 0) return;
    const now = new Map<Look, string>();
    const ranges = new Map<Look, Range[]>();
    for (const { look, range } of prompts.flatMap((prompt) => prompt.marks)) {
      const { start, end } = range;
      ranges.set(look, [...(ranges.get(look) ?? []), new Range(start.line, start.character, end.line, end.character)]);
    }
    // What is drawn comes before what goes, so that no word is plain between two looks.
    for (const [look, type] of [...this.types].sort(([one], [other]) => Number(ranges.has(other)) - Number(ranges.has(one)))) {
      const wanted = ranges.get(look) ?? [];
      // VS Code moves what it has drawn as the text moves, so the document's version is part of what is the same.
      const key = wanted.length === 0 ? "" : `${editor.document.version} ${JSON.stringify(wanted)}`;
      now.set(look, key);
      if ((before?.get(look) ?? "") !== key) editor.setDecorations(type, wanted);
    }
    this.drawn.set(editor, now);
    editor.setDecorations(this.note, this.notes ? prompts.flatMap((prompt) => noteAt(editor, prompt)) : []);
  }

  private followTheme(): void {
    if (isHighContrast() === this.highContrast) return;
    this.highContrast = !this.highContrast;
    const old = this.types;
    this.types = makeTypes(this.highContrast);
    for (const editor of window.visibleTextEditors) this.drawn.delete(editor);
    this.paintAll();
    for (const type of old.values()) type.dispose();
  }
}

function noteAt(editor: TextEditor, prompt: PromptMarks): { range: Range; renderOptions: object }[] {
  if (prompt.note === "" || prompt.range.end.line >= editor.document.lineCount) return [];
  const { end } = editor.document.lineAt(prompt.range.end.line).range;
  const after = {
    contentText: prompt.note,
    color: new ThemeColor("smileLens.note"),
    fontStyle: "italic",
    margin: "0 0 0 3ch",
  };
  return [{ range: new Range(end, end), renderOptions: { after } }];
}

function makeTypes(highContrast: boolean): Map<Look, TextEditorDecorationType> {
  return new Map(LOOKS.map((look) => [look, makeType(look, highContrast)]));
}

function makeType(look: Look, highContrast: boolean): TextEditorDecorationType {
  const rangeBehavior = DecorationRangeBehavior.ClosedClosed;
  const style = styleOf(look, highContrast);
  if (style === undefined) {
    return window.createTextEditorDecorationType({ rangeBehavior, textDecoration: "line-through 1px" });
  }
  return window.createTextEditorDecorationType({
    rangeBehavior,
    backgroundColor: style.fill === undefined ? undefined : colour(style.fill),
    borderColor: colour(style.line),
    borderStyle: style.lineStyle,
    borderWidth: `0 0 ${style.lineWidth}px 0`,
    ...(style.ruler && { overviewRulerColor: colour(style.ruler), overviewRulerLane: OverviewRulerLane.Right }),
  });
}

function colour(value: string): ThemeColor | string {
  return value.startsWith("smileLens.") ? new ThemeColor(value) : value;
}

function wantsNotes(): boolean {
  return workspace.getConfiguration("smileLens").get("notes", true);
}
