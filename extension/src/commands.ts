/** The commands of the palette, menus, lenses and quick fixes. */

import path from "node:path";

import { imageEdit, isPicture, PICTURES, settingEdit } from "./pictures";
import { commands, Disposable, l10n, Position, ProgressLocation, Selection, type TextDocument, Uri, window, workspace } from "./host";
import { debugInformation } from "./debugInformation";
import type { Influences } from "./influences";
import type { Installation } from "./installation";
import { EDIT_PROMPT } from "./language";
import type { Logs } from "./logs";
import type { Action } from "./messages";
import { bytesText } from "./numbers";
import { COMPARE, type CompareResult, type StatusResult } from "./protocol";
import type { Previews } from "./previews";
import type { Reports } from "./reports";
import type { Server } from "./server";
import type { Status } from "./status";
import { opened, paramsOf, promptOf, type Target, targetOf } from "./target";
import { tell } from "./trouble";

/** What commands work on. */
export interface Parts {
  readonly extension: Uri;
  readonly storage: Uri;
  readonly version: string;
  readonly server: Server;
  readonly installation: Installation;
  readonly influences: Influences;
  readonly reports: Reports;
  readonly previews: Previews;
  readonly status: Status;
  readonly logs: Logs;
}

type Surface = (target: Target, argument: unknown) => unknown;

export function registerCommands(parts: Parts): Disposable {
  const { server, influences, reports, previews, status, logs } = parts;
  /** A command about a prompt: the one given, or the one at the cursor. */
  const onPrompt = (name: string, run: (target: Target, argument: unknown) => unknown) =>
    commands.registerCommand(name, async (argument?: unknown) => {
      const target = targetOf(argument, influences);
      if (target === undefined) return newPrompt(parts, undefined);
      server.start();
      await run(target, argument);
    });

  const explain = (target: Target) => reports.open(target);
  const preview = (target: Target, argument?: unknown) => previews.open(target, wordsOut(argument));
  const compare = (target: Target) => compareModels(parts, target);
  const export_ = (target: Target) => exportReport(parts, target);
  const clear = () => clearEdits(parts);
  const surfaces: Record<string, Surface> = {
    "smile.explain": explain,
    "smile.preview": preview,
    "smile.compare": compare,
    "smile.export": export_,
    "smile.clear": clear,
  };
  server.surface = (command, params) => {
    const surface = surfaces[command] as Surface | undefined;
    const target = surface && targetOf(params, influences);
    return surface && target ? Promise.resolve(surface(target, params)).then(() => undefined) : "next";
  };
  reports.onAction = async (name: Action["name"], target) => {
    if (name === "export") await exportReport(parts, target);
    else if (name === "compare") await compareModels(parts, target);
    else if (name === "open") await goTo(target, influences);
    else if (name === "mend") {
      const trouble = promptOf(target, influences)?.trouble;
      if (trouble?.command) await commands.executeCommand(trouble.command, paramsOf(target, influences));
    }
  };
  return Disposable.from(
    onPrompt("smileLens.explain", explain),
    onPrompt("smileLens.preview", preview),
    onPrompt("smileLens.compare", compare),
    onPrompt("smileLens.exportReport", export_),
    commands.registerCommand("smileLens.clearEdits", clear),
    onPrompt("smileLens.chooseModel", (target) => chooseModel(parts, target)),
    onPrompt("smileLens.chooseImage", (target) => chooseImage(target)),
    commands.registerCommand("smileLens.newPrompt", (file?: unknown) => newPrompt(parts, file instanceof Uri ? file : undefined)),
    commands.registerCommand("smileLens.openExample", () => openExample(parts)),
    commands.registerCommand("smileLens.showStatus", () => status.choose()),
    commands.registerCommand("smileLens.restart", () => server.restart()),
    commands.registerCommand("smileLens.install", () => parts.installation.install()),
    commands.registerCommand("smileLens.showLog", () => (server.life === "running" ? logs.server : logs.extension).show()),
    commands.registerCommand("smileLens.openSettings", () => commands.executeCommand("workbench.action.openSettings", "smileLens.")),
    commands.registerCommand("smileLens.printDebugInformation", () => printDebugInformation(parts)),
  );
}

/** Words that a link asks to leave out at once. */
function wordsOut(argument: unknown): readonly number[] {
  const mask = (argument as { mask?: unknown } | undefined)?.mask;
  return Array.isArray(mask) ? mask.flatMap((kept, index) => (kept === 0 ? [index] : [])) : [];
}

async function compareModels({ server, reports, influences }: Parts, target: Target): Promise<void> {
  const { models } = await server.request<StatusResult>("smile/status", null);
  const items = models.map(({ name, family, detail, state }) => ({ label: name, description: family, detail, picked: state === "warm" }));
  const chosen = await window.showQuickPick(items, {
    canPickMany: true,
    title: l10n.t("Compare models"),
    placeHolder: l10n.t("Choose at least two"),
  });
  if (chosen === undefined) return;
  if (chosen.length < 2) {
    const text = l10n.t("A comparison needs at least two models.");
    return tell(
      { text, button: l10n.t("Choose again"), act: () => compareModels({ server, reports, influences } as Parts, target) },
      "information",
    );
  }
  const names = chosen.map(({ label }) => label);
  await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t("Comparing {0}", names.join(", ")), cancellable: true },
    async (_progress, token) => {
      try {
        const params = { ...paramsOf(target, influences), models: names };
        const text = promptOf(target, influences)?.text ?? "";
        reports.compare(text, await server.request<CompareResult>(COMPARE, params, token));
      } catch (error) {
        if (token.isCancellationRequested) return;
        const text = error instanceof Error ? error.message : String(error);
        void tell({ text, button: l10n.t("Choose again"), act: () => commands.executeCommand("smileLens.compare") });
      }
    },
  );
}

async function exportReport({ server, influences }: Parts, target: Target): Promise<void> {
  const document = await opened(target);
  const base = document.isUntitled ? Uri.file("report") : document.uri;
  const file = await window.showSaveDialog({
    title: l10n.t("Export report"),
    defaultUri: base.with({ path: base.path.replace(/(\.[^./]+)?$/, ".html") }),
    filters: { [l10n.t("Web page")]: ["html"], JSON: ["json"], [l10n.t("Picture")]: ["png"] },
  });
  if (file === undefined) return;
  const format = path.extname(file.path).slice(1).toLowerCase() || "html";
  try {
    await server.execute("smile.export", { ...paramsOf(target, influences), format, path: file.fsPath });
    const text = l10n.t("The report is in {0}.", path.basename(file.fsPath));
    void tell({ text, button: l10n.t("Open"), act: () => commands.executeCommand("vscode.open", file) }, "information");
  } catch (error) {
    const text = l10n.t("The report could not be written: {0}", error instanceof Error ? error.message : String(error));
    void tell({ text, button: l10n.t("Choose another place"), act: () => commands.executeCommand("smileLens.exportReport") });
  }
}

async function clearEdits({ server }: Parts): Promise<void> {
  const yes = l10n.t("Clear");
  const detail = l10n.t("They are made again when they are needed.");
  const question = l10n.t("Forget all edits made so far, of every picture and model?");
  if ((await window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return;
  server.start();
  const { bytes } = (await server.execute("smile.clear", {})) as { bytes: number };
  window.setStatusBarMessage(l10n.t("SMILE Lens: all edits are forgotten, {0} are free again", bytesText(bytes)), 10_000);
}

async function chooseModel({ server }: Parts, target: Target): Promise<void> {
  const document = await opened(target);
  const { models } = await server.request<StatusResult>("smile/status", null);
  const items = models.map(({ name, family, detail }) => ({ label: name, description: family, detail }));
  const chosen = await window.showQuickPick(items, { title: l10n.t("Choose the model for these prompts") });
  const edit = chosen && settingEdit(document, target.position.line, "model", chosen.label);
  if (edit) await workspace.applyEdit(edit);
}

async function chooseImage(target: Target): Promise<void> {
  const document = await opened(target);
  const [file] =
    (await window.showOpenDialog({
      title: l10n.t("Choose the image that the prompts edit"),
      canSelectMany: false,
      filters: { [l10n.t("Images")]: PICTURES },
      ...(document.uri.scheme === "file" && { defaultUri: Uri.joinPath(document.uri, "..") }),
    })) ?? [];
  const edit = file && imageEdit(document, target.position.line, file);
  if (edit) await workspace.applyEdit(edit);
}

/** A new document: beside the picture where one is given, else without a name, with the cursor on the first prompt. */
async function newPrompt({ server }: Parts, picture: Uri | undefined): Promise<void> {
  server.start();
  const image = picture && isPicture(picture) ? path.basename(picture.path) : "";
  const content = `---\nimage: ${image}\n---\n\n`;
  const document =
    picture && image !== "" ? await beside(picture, content) : await workspace.openTextDocument({ language: EDIT_PROMPT, content });
  const editor = await window.showTextDocument(document);
  const place = image === "" ? new Position(1, "image: ".length) : new Position(document.lineCount - 1, 0);
  editor.selection = new Selection(place, place);
}

async function beside(picture: Uri, content: string): Promise<TextDocument> {
  const stem = picture.path.replace(/\.[^./]+$/, "");
  for (let number = 1; ; number++) {
    const file = picture.with({ path: number === 1 ? `${stem}.edit` : `${stem}-${number}.edit` });
    const taken = await workspace.fs.stat(file).then(
      () => true,
      () => false,
    );
    if (taken) continue;
    await workspace.fs.writeFile(file, Buffer.from(content));
    return workspace.openTextDocument(file);
  }
}

/** The scene that comes with the extension, copied to where it may be changed. */
async function openExample({ extension, storage, server }: Parts): Promise<void> {
  const [folder] = workspace.isTrusted ? (workspace.workspaceFolders ?? []) : [];
  const place = folder?.uri.scheme === "file" ? Uri.joinPath(folder.uri, "smile-lens-example") : Uri.joinPath(storage, "example");
  for (const name of ["street.png", "street.edit"]) {
    const target = Uri.joinPath(place, name);
    const there = await workspace.fs.stat(target).then(
      () => true,
      () => false,
    );
    if (!there) await workspace.fs.copy(Uri.joinPath(extension, "walkthrough", name), target);
  }
  server.start();
  await window.showTextDocument(await workspace.openTextDocument(Uri.joinPath(place, "street.edit")));
}

async function goTo(target: Target, influences: Influences): Promise<void> {
  const document = await opened(target);
  const start = promptOf(target, influences)?.range.start ?? target.position;
  const place = new Position(start.line, start.character);
  const column = window.visibleTextEditors.find((editor) => editor.document === document)?.viewColumn;
  await window.showTextDocument(document, { selection: new Selection(place, place), ...(column && { viewColumn: column }) });
}

async function printDebugInformation(parts: Parts): Promise<void> {
  const content = await debugInformation(parts);
  await window.showTextDocument(await workspace.openTextDocument({ language: "markdown", content }));
}
