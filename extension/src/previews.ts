/** The preview beside the editor: the picture that the cursor's prompt makes, with its words as switches. */

import { CancellationTokenSource, Disposable, l10n, type TextEditor, type Uri, window } from "./host";
import type { Influences } from "./influences";
import { holdsPrompts } from "./language";
import { shortened } from "./numbers";
import { Panel } from "./panel";
import { PREVIEW, type PreviewParams, type PreviewResult, type PromptInfluence, type WordInfluence } from "./protocol";
import type { Server } from "./server";
import { opened, paramsOf, promptOf, type Target } from "./target";

const DELAY = 120;

export class Previews {
  private panel: Panel | undefined;
  private text: string | undefined;
  private shown: (() => void) | undefined;
  private request: CancellationTokenSource | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly disposables: Disposable[];

  constructor(
    private readonly extension: Uri,
    private readonly server: Server,
    private readonly influences: Influences,
  ) {
    this.disposables = [
      window.onDidChangeTextEditorSelection(({ textEditor }) => this.soon(textEditor)),
      window.onDidChangeActiveTextEditor((editor) => this.soon(editor)),
      influences.onDidChange(({ uri }) => {
        if (this.panel?.target?.uri === uri) this.soon(window.activeTextEditor);
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    Disposable.from(...this.disposables).dispose();
    this.panel?.close();
  }

  /** Shows a prompt's edit, without the words of these numbers. */
  async open(target: Target, out: readonly number[] = []): Promise<void> {
    this.panel ??= this.create();
    this.panel.reveal();
    await this.load(target, true, out);
  }

  private create(): Panel {
    const panel = new Panel(
      Panel.create("smileLens.preview", l10n.t("Preview")),
      this.extension,
      "preview",
      this.server,
      this.influences,
      () => {
        this.request?.cancel();
        this.panel = this.text = undefined;
      },
    );
    panel.onAction = (name) => {
      if (name === "refresh") this.shown?.();
      else if (panel.target) void this.load(panel.target, true);
    };
    return panel;
  }

  private soon(editor: TextEditor | undefined): void {
    if (this.panel === undefined || editor === undefined || !holdsPrompts(editor.document)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.followCursor(editor), DELAY);
  }

  private followCursor(editor: TextEditor): void {
    const prompt = this.influences.at(editor.document, editor.selection.active);
    const uri = editor.document.uri.toString();
    const target = this.panel?.target;
    if (this.panel === undefined || prompt === undefined) return;
    if (target?.uri === uri && target.prompt === prompt.id && this.text === prompt.text) return;
    void this.load({ uri, prompt: prompt.id, position: prompt.range.start }, prompt.phase !== "asking");
  }

  private async load(target: Target, make: boolean, out?: readonly number[]): Promise<void> {
    const { panel } = this;
    if (panel === undefined) return;
    this.request?.cancel();
    const source = (this.request = new CancellationTokenSource());
    const retry = { name: "retry", label: l10n.t("Make it") } as const;
    try {
      await opened(target);
      if (panel.target?.prompt !== target.prompt || panel.target.uri !== target.uri) panel.out = [];
      panel.target = target;
      const prompt = promptOf(target, this.influences);
      this.text = prompt?.text;
      panel.notice(l10n.t("Making the edit"), true);
      const params: PreviewParams = { ...paramsOf(target, this.influences), mask: null, make };
      const edit = await this.server.request<PreviewResult>(PREVIEW, params, source.token);
      if (source.token.isCancellationRequested || this.panel !== panel) return;
      if (edit.picture === null) {
        panel.notice(l10n.t("This edit is not made yet."), false, [retry]);
        return;
      }
      const picture = edit.picture;
      const words = prompt?.words ?? [];
      if (panel.words !== words.length) panel.out = [];
      panel.words = words.length;
      if (out !== undefined) panel.out = out;
      this.shown = () => {
        panel.show(l10n.t("Preview: {0}", shortened(edit.text, 30)), {
          html: previewHtml(edit, prompt),
          style: "",
          words,
          source: edit.source,
          result: picture,
          actions: [],
        });
      };
      this.shown();
    } catch (error) {
      if (source.token.isCancellationRequested) return;
      this.text = undefined;
      panel.notice(error instanceof Error ? error.message : String(error), false, [{ ...retry, label: l10n.t("Try again") }]);
    } finally {
      source.dispose();
      if (this.request === source) this.request = undefined;
    }
  }
}

/** The page of a preview: the prompt in words, and what is to be said of its edit. */
export function previewHtml(edit: PreviewResult, prompt: PromptInfluence | undefined): string {
  const words = prompt?.words.map(wordHtml).join(" ") ?? escaped(edit.text);
  const notes = edit.notes.map((note) => `<p class="note">${escaped(note)}</p>`).join("");
  return `<main class="preview"><h1 class="prompt" dir="auto">${words}</h1><div class="hero"></div>${notes}</main>`;
}

function wordHtml(word: WordInfluence): string {
  const sign = word.bucket < 0 ? "negative" : "positive";
  const look = word.state === "effective" && word.bucket !== 0 ? ` data-look="${sign}${Math.abs(word.bucket)}"` : "";
  return `<span class="w" aria-label="${escaped(`${word.text}, ${word.label}`)}"><span class="b"${look}>${escaped(word.text)}</span></span>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
