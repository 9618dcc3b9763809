/** A webview that shows a page of ours and asks for edits without some words. */

import { CancellationTokenSource, Disposable, Uri, ViewColumn, type WebviewPanel, window } from "./host";
import type { Influences } from "./influences";
import type { Action, FromPanel, PanelState, ToPanel } from "./messages";
import { type Kind, page } from "./page";
import { PREVIEW, type PreviewParams, type PreviewResult } from "./protocol";
import type { Server } from "./server";
import { panelStrings } from "./strings";
import { paramsOf, type Target } from "./target";

/** What a panel shows. */
export type Content = Omit<ToPanel & { type: "show" }, "type" | "strings" | "state" | "out">;

export class Panel {
  private ready = false;
  private waiting: ToPanel[] = [];
  private edit: CancellationTokenSource | undefined;
  private readonly disposables: Disposable[];
  /** The words left out, kept while the same prompt stays. */
  out: readonly number[] = [];
  target: Target | undefined;
  onAction: (name: Action["name"]) => void = () => undefined;

  constructor(
    private readonly panel: WebviewPanel,
    extension: Uri,
    kind: Kind,
    private readonly server: Server,
    private readonly influences: Influences,
    closed: () => void,
  ) {
    panel.webview.options = { enableScripts: true, localResourceRoots: [Uri.joinPath(extension, "dist")] };
    panel.iconPath = Uri.joinPath(extension, "media", "icon.png");
    this.disposables = [
      panel.webview.onDidReceiveMessage((message: FromPanel) => this.hear(message)),
      panel.onDidDispose(() => {
        this.edit?.cancel();
        Disposable.from(...this.disposables).dispose();
        closed();
      }),
    ];
    panel.webview.html = page(panel.webview, extension, kind);
  }

  /** A new panel beside the editor, which keeps the focus. */
  static create(type: string, title: string): WebviewPanel {
    return window.createWebviewPanel(type, title, { viewColumn: ViewColumn.Beside, preserveFocus: true }, { enableFindWidget: true });
  }

  get visible(): boolean {
    return this.panel.visible;
  }

  reveal(): void {
    this.panel.reveal(undefined, true);
  }

  close(): void {
    this.panel.dispose();
  }

  show(title: string, content: Content): void {
    this.panel.title = title;
    const state: PanelState | undefined = this.target && { uri: this.target.uri, ...this.target.position, out: this.out };
    // What waits for the script is overtaken by a newer page.
    if (!this.ready) this.waiting = [];
    this.post({ type: "show", ...content, out: this.out, state, strings: panelStrings() });
  }

  notice(text: string, busy = false, actions: readonly Action[] = []): void {
    this.post({ type: "notice", text, busy, actions });
  }

  private post(message: ToPanel): void {
    if (this.ready) void this.panel.webview.postMessage(message);
    else this.waiting.push(message);
  }

  private hear(message: FromPanel): void {
    switch (message.type) {
      case "ready":
        // A panel that was hidden starts its script anew, and has forgotten what it showed.
        if (this.ready) return this.onAction("refresh");
        this.ready = true;
        this.waiting.splice(0).forEach((early) => this.post(early));
        return;
      case "leaveOut":
        this.out = message.out;
        void this.leaveOut(message.request, message.make);
        return;
      case "cancel":
        this.edit?.cancel();
        return;
      case "action":
        return this.onAction(message.name);
    }
  }

  private async leaveOut(request: number, make: boolean): Promise<void> {
    this.edit?.cancel();
    const { target, out } = this;
    if (target === undefined || out.length === 0) return;
    const words = this.words;
    const mask = Array.from({ length: words }, (_, index) => (out.includes(index) ? 0 : 1));
    const source = (this.edit = new CancellationTokenSource());
    try {
      const params: PreviewParams = { ...paramsOf(target, this.influences), mask, make };
      const edit = await this.server.request<PreviewResult>(PREVIEW, params, source.token);
      this.post({ type: "edit", request, picture: edit.picture, text: edit.text, response: edit.response, notes: edit.notes });
    } catch (error) {
      this.post({ type: "failed", request, text: error instanceof Error ? error.message : String(error) });
    } finally {
      source.dispose();
      if (this.edit === source) this.edit = undefined;
    }
  }

  /** How many words the shown prompt has. */
  words = 0;
}
