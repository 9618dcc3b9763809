/** The report panel: the report of the command line, live. It follows its prompt as that is edited. */

import { CancellationTokenSource, Disposable, l10n, type Uri, type WebviewPanel, window } from "./host";
import type { Influences } from "./influences";
import type { Action, PanelState } from "./messages";
import { shortened } from "./numbers";
import { Panel } from "./panel";
import { forecastText } from "./progress";
import { type CompareResult, EXPLAIN, type ExplainResult } from "./protocol";
import type { Server } from "./server";
import { opened, paramsOf, promptOf, type Target } from "./target";

export const REPORT = "smileLens.report";

export class Reports {
  private panel: Panel | undefined;
  private shown: ExplainResult | undefined;
  private request: CancellationTokenSource | undefined;
  private readonly disposables: Disposable[];
  /** Commands of the page; set by `commands.ts`. */
  onAction: (name: Action["name"], target: Target) => unknown = () => undefined;

  constructor(
    private readonly extension: Uri,
    private readonly server: Server,
    private readonly influences: Influences,
  ) {
    this.disposables = [
      influences.onDidChange(({ uri }) => this.follow(uri)),
      server.onDidChangeLife((life) => {
        if (life === "running" && this.panel !== undefined && this.shown === undefined) void this.load();
      }),
      window.registerWebviewPanelSerializer(REPORT, {
        deserializeWebviewPanel: (panel, state) => this.revive(panel, state as PanelState | undefined),
      }),
    ];
  }

  dispose(): void {
    Disposable.from(...this.disposables).dispose();
    this.panel?.close();
  }

  /** Opens the report of a prompt; edits that are missing are made. */
  async open(target: Target): Promise<void> {
    this.panel ??= this.adopt(Panel.create(REPORT, l10n.t("Report")));
    const same = this.panel.target?.uri === target.uri && this.panel.target.prompt === target.prompt && target.prompt !== null;
    if (!same) {
      this.shown = undefined;
      this.panel.out = [];
    }
    this.panel.target = target;
    this.panel.reveal();
    await this.load();
  }

  /** Whether the panel is about to show this prompt, or what keeps it from that. */
  waitsFor(uri: string, prompt: string): boolean {
    return this.request !== undefined && this.panel?.target?.uri === uri && this.panel.target.prompt === prompt;
  }

  /** Shows a comparison of models in a panel of its own. */
  compare(prompt: string, result: CompareResult): void {
    const panel = new Panel(
      Panel.create("smileLens.comparison", ""),
      this.extension,
      "report",
      this.server,
      this.influences,
      () => undefined,
    );
    const page = { html: result.html, style: result.style, words: [], source: "", result: "", actions: [] };
    const title = l10n.t("Compare: {0}", shortened(prompt, 30));
    panel.onAction = () => panel.show(title, page);
    panel.show(title, page);
  }

  private adopt(webview: WebviewPanel): Panel {
    const panel = new Panel(webview, this.extension, "report", this.server, this.influences, () => {
      this.request?.cancel();
      this.panel = this.shown = undefined;
    });
    panel.onAction = (name) => this.act(name);
    return panel;
  }

  private act(name: Action["name"]): void {
    if (name === "refresh" && this.shown !== undefined) return this.show(this.shown);
    if (name === "refresh" || name === "retry") return void this.load();
    if (this.panel?.target) void this.onAction(name, this.panel.target);
  }

  private async revive(webview: WebviewPanel, state: PanelState | undefined): Promise<void> {
    if (state === undefined || this.panel !== undefined) {
      webview.dispose();
      return;
    }
    this.panel = this.adopt(webview);
    const { uri, line, character, out } = state;
    this.panel.target = { uri, prompt: null, position: { line, character } };
    this.panel.out = out;
    this.server.start();
    await this.load();
  }

  private async load(): Promise<void> {
    const { panel } = this;
    const target = panel?.target;
    if (panel === undefined || target === undefined) return;
    this.request?.cancel();
    const source = (this.request = new CancellationTokenSource());
    try {
      await opened(target);
      if (this.server.life === "starting" || this.server.life === "off") {
        panel.notice(l10n.t("Starting"), true);
        return;
      }
      panel.notice(l10n.t("Explaining"), true);
      const result = await this.server.request<ExplainResult>(EXPLAIN, paramsOf(target, this.influences), source.token);
      if (source.token.isCancellationRequested || this.panel !== panel) return;
      this.show(result);
    } catch (error) {
      if (source.token.isCancellationRequested) return;
      const trouble = promptOf(target, this.influences)?.trouble;
      const mend: Action[] = trouble?.button ? [{ name: "mend", label: trouble.button }] : [{ name: "retry", label: l10n.t("Try again") }];
      panel.notice(trouble?.text ?? (error instanceof Error ? error.message : String(error)), false, mend);
    } finally {
      source.dispose();
      if (this.request === source) this.request = undefined;
    }
  }

  private show(result: ExplainResult): void {
    const { panel } = this;
    if (panel?.target === undefined) return;
    if (this.shown !== undefined && this.shown.text !== result.text) panel.out = [];
    this.shown = result;
    const prompt = this.influences.prompt(panel.target.uri, result.prompt);
    panel.target = { uri: panel.target.uri, prompt: result.prompt, position: prompt?.range.start ?? panel.target.position };
    panel.words = result.words.length;
    panel.show(shortened(result.text), {
      html: result.html,
      style: result.style,
      words: result.words,
      source: result.source,
      result: result.result,
      actions: [
        { name: "open", label: l10n.t("Go to the prompt") },
        { name: "compare", label: l10n.t("Compare models") },
        { name: "export", label: l10n.t("Export") },
      ],
    });
  }

  /** Says how the prompt fares since the report was made, and fetches the new one when it is done. */
  private follow(uri: string): void {
    const { panel, shown } = this;
    if (panel?.target?.uri !== uri) return;
    const prompt = promptOf(panel.target, this.influences);
    if (prompt === undefined) return;
    panel.target = { uri, prompt: prompt.id, position: prompt.range.start };
    const other = shown !== undefined && (shown.text !== prompt.text || shown.quality.edits !== prompt.quality?.edits);
    if (prompt.phase === "done" && other) {
      if (this.request === undefined) void this.load();
    } else if (prompt.phase === "running" && (other || this.request !== undefined)) {
      panel.notice(prompt.forecast ? forecastText(prompt.forecast) : l10n.t("Explaining"), true);
    } else if (prompt.phase === "waiting" && other) {
      panel.notice(l10n.t("The prompt has changed; the report follows."), true);
    }
  }
}
