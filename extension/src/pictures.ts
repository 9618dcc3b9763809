/** The picture that `image:` names: a thumbnail in the gutter, a larger one on hover, and drop to set it. */

import path from "node:path";

import * as frontMatter from "./frontMatter";
import {
  Disposable,
  DocumentDropEdit,
  Hover,
  languages,
  MarkdownString,
  Range,
  type TextDocument,
  type TextEditorDecorationType,
  Uri,
  window,
  workspace,
  WorkspaceEdit,
} from "./host";
import { EDIT_PROMPT, holdsPrompts, SELECTOR } from "./language";

/** Endings of pictures that the server reads. */
export const PICTURES = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"];
/** Endings that VS Code can draw. */
const DRAWN = new Set([".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"]);
const DELAY = 200;
const HOVER_HEIGHT = 200;

export class Pictures {
  private readonly disposables: Disposable[];
  /** One gutter picture a document, made anew only when it names another file. */
  private readonly gutters = new Map<string, { file: string; type: TextEditorDecorationType }>();
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    this.disposables = [
      window.onDidChangeVisibleTextEditors(() => this.soon()),
      workspace.onDidChangeTextDocument(() => this.soon()),
      workspace.onDidCloseTextDocument((document) => this.forget(document.uri.toString())),
      languages.registerHoverProvider(SELECTOR, {
        provideHover: (document, position) => hover(document, position.line, position.character),
      }),
      languages.registerDocumentDropEditProvider(
        { language: EDIT_PROMPT },
        {
          async provideDocumentDropEdits(document, position, data) {
            const dropped = (await data.get("text/uri-list")?.asString())?.split(/\r?\n/).find((line) => line && !line.startsWith("#"));
            const file = dropped === undefined ? undefined : Uri.parse(dropped);
            const edit = file && isPicture(file) ? imageEdit(document, position.line, file) : undefined;
            if (edit === undefined) return undefined;
            const drop = new DocumentDropEdit("");
            drop.additionalEdit = edit;
            return drop;
          },
        },
      ),
    ];
    this.soon();
  }

  dispose(): void {
    clearTimeout(this.timer);
    Disposable.from(...this.disposables, ...[...this.gutters.values()].map(({ type }) => type)).dispose();
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.draw(), DELAY);
  }

  private async draw(): Promise<void> {
    for (const editor of window.visibleTextEditors) {
      const { document } = editor;
      if (document.languageId !== EDIT_PROMPT) continue;
      const key = document.uri.toString();
      const written = frontMatter.find(linesOf(document), 0, false, "image");
      const file = written && (await pictureAt(document, written.value));
      if (file === undefined || written === undefined) {
        this.forget(key);
        continue;
      }
      let gutter = this.gutters.get(key);
      if (gutter?.file !== file.toString()) {
        gutter?.type.dispose();
        const type = window.createTextEditorDecorationType({ gutterIconPath: file, gutterIconSize: "contain" });
        gutter = { file: file.toString(), type };
        this.gutters.set(key, gutter);
      }
      editor.setDecorations(gutter.type, [new Range(written.line, 0, written.line, 0)]);
    }
  }

  private forget(key: string): void {
    this.gutters.get(key)?.type.dispose();
    this.gutters.delete(key);
  }
}

/** The edit that makes a file the picture of the prompts around a line, relative to the document where it can be. */
export function imageEdit(document: TextDocument, line: number, file: Uri): WorkspaceEdit | undefined {
  return settingEdit(document, line, "image", relative(document, file));
}

/** The edit that writes a setting of the prompts around a line; undefined outside of them. */
export function settingEdit(document: TextDocument, line: number, key: string, value: string): WorkspaceEdit | undefined {
  const change = frontMatter.set(linesOf(document), line, document.languageId !== EDIT_PROMPT, key, value);
  if (change === undefined) return undefined;
  const edit = new WorkspaceEdit();
  const text = change.text.join("\n");
  if (change.last < change.first) edit.insert(document.uri, document.lineAt(change.first).range.start, `${text}\n`);
  else edit.replace(document.uri, new Range(document.lineAt(change.first).range.start, document.lineAt(change.last).range.end), text);
  return edit;
}

export function isPicture(file: Uri): boolean {
  return PICTURES.includes(path.extname(file.path).slice(1).toLowerCase());
}

function relative(document: TextDocument, file: Uri): string {
  if (document.isUntitled && document.uri.scheme === "untitled" && !path.isAbsolute(document.uri.fsPath)) return file.fsPath;
  const short = path.relative(path.dirname(document.uri.fsPath), file.fsPath).replaceAll("\\", "/");
  return short === "" || path.isAbsolute(short) ? file.fsPath : short;
}

async function hover(document: TextDocument, line: number, character: number): Promise<Hover | undefined> {
  if (!holdsPrompts(document)) return undefined;
  const written = frontMatter.find(linesOf(document), line, document.languageId !== EDIT_PROMPT, "image");
  if (written?.line !== line || character < written.column || character > written.end) return undefined;
  const file = await pictureAt(document, written.value);
  if (file === undefined) return undefined;
  const text = new MarkdownString();
  text.appendMarkdown(`![${path.basename(file.path).replace(/[[\]\\]/g, "")}](${file.toString()}|height=${HOVER_HEIGHT})`);
  return new Hover(text, new Range(line, written.column, line, written.end));
}

/** The file that `image:` names, if it is there and VS Code can draw it. */
async function pictureAt(document: TextDocument, value: string): Promise<Uri | undefined> {
  if (!workspace.isTrusted || document.uri.scheme !== "file" || !DRAWN.has(path.extname(value).toLowerCase())) return undefined;
  // A network share would be asked, with the user's name, by whoever wrote the document.
  if (/^[\\/]{2}/.test(value)) return undefined;
  const file = path.isAbsolute(value) ? Uri.file(value) : Uri.joinPath(document.uri, "..", value);
  try {
    await workspace.fs.stat(file);
    return file;
  } catch {
    return undefined;
  }
}

function linesOf(document: TextDocument): string[] {
  return document.getText().split(/\r\n|\r|\n/);
}
