/**
 * Finds the program to start, and with the user's consent puts one into a private environment. Nothing that a
 * workspace says is run before the workspace is trusted.
 */

import os from "node:os";
import path from "node:path";

import { commands, type ExtensionContext, extensions, l10n, ProgressLocation, window, workspace } from "./host";
import { findSmile, type Found, programIn } from "./find";
import type { Logs } from "./logs";
import { follow, run, runs } from "./processes";
import { candidates, findPython, OLDEST } from "./python";
import { tell } from "./trouble";

const WINDOWS = process.platform === "win32";
const DECLINED = "smileLens.installDeclined";

export class Installation {
  private readonly own: string;

  constructor(
    private readonly context: ExtensionContext,
    private readonly logs: Logs,
    private readonly restart: () => unknown,
  ) {
    this.own = path.join(context.globalStorageUri.fsPath, "environment");
  }

  /** The program, or undefined after the user was told what is missing. */
  async find(): Promise<Found | undefined> {
    const found = findSmile({
      setting: setting("path"),
      searchPath: process.env.PATH ?? "",
      python: workspace.isTrusted ? await selectedPython() : undefined,
      own: this.own,
      home: os.homedir(),
      windows: WINDOWS,
      runs,
    });
    if (found !== undefined && "missing" in found) {
      void tell({
        text: l10n.t("The setting smileLens.path names {0}, which is no program here.", found.missing),
        button: l10n.t("Change the path"),
        act: () => commands.executeCommand("workbench.action.openSettings", "smileLens.path"),
      });
      return undefined;
    }
    if (found === undefined) void this.offer();
    return found;
  }

  /** Asks once a workspace window; a closed message can be had again by the command Install SMILE Lens. */
  private async offer(): Promise<void> {
    if (this.context.workspaceState.get(DECLINED, false)) return;
    const text = l10n.t("SMILE Lens is not installed. Install it into an environment of its own, with pip?");
    await this.context.workspaceState.update(DECLINED, true);
    await tell({ text, button: l10n.t("Install"), act: () => this.install() }, "information");
  }

  /** Installs or updates, with progress and Cancel; the server starts when it is done. */
  async install(): Promise<void> {
    if (!workspace.isTrusted) {
      await tell({
        text: l10n.t("SMILE Lens installs nothing while the workspace is not trusted."),
        button: l10n.t("Manage trust"),
        act: () => commands.executeCommand("workbench.trust.manage"),
      });
      return;
    }
    const python = await findPython(candidates(setting("python"), await selectedPython(), WINDOWS), run);
    if (python === undefined || !python.fits) {
      const wanted = OLDEST.join(".");
      await tell({
        text: python
          ? l10n.t("SMILE Lens needs Python {0} or newer; {1} is {2}.", wanted, python.program, python.version)
          : l10n.t("SMILE Lens needs Python {0} or newer, and none was found.", wanted),
        button: l10n.t("Choose Python"),
        act: () => this.choosePython(),
      });
      return;
    }
    const environmentPython = programIn(this.own, "python", WINDOWS);
    const steps: [string, string[]][] = [
      [python.program, ["-m", "venv", this.own]],
      [environmentPython, ["-m", "pip", "install", "--upgrade", "--disable-pip-version-check", setting("installFrom")]],
    ];
    const done = await window.withProgress(
      { location: ProgressLocation.Notification, title: l10n.t("Installing SMILE Lens"), cancellable: true },
      async (progress, token) => {
        for (const [program, args] of steps) {
          const heard = (line: string) => {
            this.logs.extension.info(line);
            progress.report({ message: line.slice(0, 80) });
          };
          const status = await follow(program, args, heard, token).catch((error: unknown) => heard(String(error)));
          if (token.isCancellationRequested || status !== 0) return token.isCancellationRequested ? undefined : false;
        }
        return true;
      },
    );
    if (done === true) await this.restart();
    else if (done === false) {
      await tell({
        text: l10n.t("SMILE Lens could not be installed."),
        button: l10n.t("Show log"),
        act: () => this.logs.extension.show(),
      });
    }
  }

  private async choosePython(): Promise<void> {
    const [file] = (await window.showOpenDialog({ title: l10n.t("Choose a Python"), canSelectMany: false })) ?? [];
    if (file === undefined) return;
    await workspace.getConfiguration("smileLens").update("python", file.fsPath, true);
    await this.install();
  }
}

function setting(name: string): string {
  return workspace.getConfiguration("smileLens").get(name, "").trim();
}

/** The interpreter selected in the Python extension, if that is there and gives it within two seconds. */
async function selectedPython(): Promise<string | undefined> {
  const python = extensions.getExtension("ms-python.python");
  if (python === undefined) return undefined;
  const slow = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 2_000));
  try {
    const api = (await Promise.race([python.activate(), slow])) as PythonApi | undefined;
    const [folder] = workspace.workspaceFolders ?? [];
    const environment = api && (await api.environments.resolveEnvironment(api.environments.getActiveEnvironmentPath(folder?.uri)));
    return environment?.executable.uri?.fsPath;
  } catch {
    return undefined;
  }
}

interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: unknown): unknown;
    resolveEnvironment(path: unknown): Promise<{ executable: { uri?: { fsPath: string } } } | undefined>;
  };
}
