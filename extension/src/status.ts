/** The language status item and its list of actions: model, idle or busy, edits made, memory. */

import { commands, Disposable, l10n, LanguageStatusSeverity, languages, type QuickPickItem, StatusBarAlignment, window } from "./host";
import type { Influences } from "./influences";
import { holdsPrompts, SELECTOR } from "./language";
import { bytesText } from "./numbers";
import type { StatusResult } from "./protocol";
import type { Life, Server } from "./server";

export class Status {
  private readonly item = languages.createLanguageStatusItem("smileLens.status", SELECTOR);
  private readonly bar = window.createStatusBarItem("smileLens.status", StatusBarAlignment.Right, 100);
  private readonly disposables: { dispose(): unknown }[];
  latest: StatusResult | undefined;

  constructor(
    private readonly server: Server,
    private readonly influences: Influences,
  ) {
    this.item.name = this.bar.name = "SMILE Lens";
    this.item.command = { command: "smileLens.showStatus", title: l10n.t("Actions") };
    this.bar.command = "smileLens.showStatus";
    this.disposables = [
      this.item,
      this.bar,
      server.onDidChangeLife(() => this.show()),
      server.onDidChangeStatus((status) => {
        this.latest = status;
        this.show();
      }),
      influences.onDidChange(() => this.show()),
      window.onDidChangeActiveTextEditor(() => this.show()),
      window.onDidChangeTextEditorSelection(() => this.show()),
    ];
    this.show();
  }

  dispose(): void {
    Disposable.from(...this.disposables).dispose();
  }

  /** The list of actions behind a click. */
  async choose(): Promise<void> {
    if (this.server.life === "running") {
      this.latest = await this.server.request<StatusResult>("smile/status", null).catch(() => this.latest);
    }
    const action = (label: string, command: string, detail?: string): QuickPickItem & { command: string } => ({
      label,
      command,
      ...(detail !== undefined && { detail }),
    });
    const items = [
      action(`$(symbol-misc) ${l10n.t("Choose model")}`, "smileLens.chooseModel", modelsText(this.latest)),
      action(`$(trash) ${l10n.t("Clear edits")}`, "smileLens.clearEdits", l10n.t("forgets the edits of this prompt")),
      action(`$(debug-restart) ${l10n.t("Restart")}`, "smileLens.restart", this.server.program),
      action(`$(output) ${l10n.t("Show log")}`, "smileLens.showLog"),
      action(`$(info) ${l10n.t("Print debug information")}`, "smileLens.printDebugInformation"),
      action(`$(settings-gear) ${l10n.t("Settings")}`, "smileLens.openSettings"),
    ];
    if (this.server.life === "absent") {
      items.unshift(action(`$(cloud-download) ${l10n.t("Install SMILE Lens")}`, "smileLens.install"));
    }
    const chosen = await window.showQuickPick(items, { title: `SMILE Lens: ${this.detail()}`, matchOnDetail: true });
    if (chosen) await commands.executeCommand(chosen.command);
  }

  private show(): void {
    const { life } = this.server;
    const busy = this.latest?.state === "busy" && life === "running";
    this.item.busy = life === "starting" || busy;
    this.item.text = `SMILE Lens: ${lifeText(life, this.latest)}`;
    this.item.detail = this.detail();
    this.item.severity = severity(life, this.latest);
    const editor = window.activeTextEditor;
    if (editor === undefined || !holdsPrompts(editor.document)) return this.bar.hide();
    const running = this.influences.of(editor.document.uri.toString())?.prompts.filter(({ phase }) => phase === "running") ?? [];
    const made = running.reduce((sum, { forecast }) => sum + (forecast?.made ?? 0), 0);
    const expected = running.reduce((sum, { forecast }) => sum + (forecast?.expected ?? 0), 0);
    if (life === "failed" || life === "absent") this.bar.text = "$(warning) SMILE";
    else if (life === "starting") this.bar.text = "$(loading~spin) SMILE";
    else if (running.length > 0) this.bar.text = expected > 0 ? `$(loading~spin) SMILE ${made}/${expected}` : "$(loading~spin) SMILE";
    else this.bar.text = "SMILE";
    this.bar.tooltip = `SMILE Lens: ${lifeText(life, this.latest)}\n${this.detail()}`;
    const at = this.influences.at(editor.document, editor.selection.active);
    this.bar.accessibilityInformation = { label: at?.summary ?? `SMILE Lens: ${lifeText(life, this.latest)}`, role: "button" };
    this.bar.show();
  }

  private detail(): string {
    const status = this.latest;
    if (this.server.life !== "running" || status === undefined) return lifeText(this.server.life, status);
    return [modelsText(status), l10n.t("{0} edits made", status.edits), bytesText(status.memory), status.device]
      .filter(Boolean)
      .join(" · ");
  }
}

/** One or two words for where things stand. */
export function lifeText(life: Life, status: StatusResult | undefined): string {
  switch (life) {
    case "off":
      return l10n.t("not started");
    case "absent":
      return l10n.t("not installed");
    case "failed":
      return l10n.t("stopped");
    case "starting":
      return l10n.t("starting");
    case "running":
      return status === undefined ? l10n.t("ready") : status.state === "busy" ? l10n.t("making edits") : l10n.t(status.state);
  }
}

/** The models in memory, "scenes-turbo", or those on their way. */
function modelsText(status: StatusResult | undefined): string {
  const models = status?.models ?? [];
  const failed = models.filter(({ state }) => state === "failed").map(({ name }) => l10n.t("{0} failed to load", name));
  const loading = models.filter(({ state }) => state === "loading").map(({ name }) => l10n.t("loading {0}", name));
  const warm = models.filter(({ state }) => state === "warm").map(({ name }) => name);
  return [...failed, ...loading, ...warm].join(", ") || l10n.t("no model in memory");
}

function severity(life: Life, status: StatusResult | undefined): LanguageStatusSeverity {
  if (life === "failed") return LanguageStatusSeverity.Error;
  if (life === "absent" || status?.state === "stuck") return LanguageStatusSeverity.Warning;
  return LanguageStatusSeverity.Information;
}
