/**
 * The life of the connection to `smile lsp`: start, restart, crash, stop. What the server sends goes to `Influences`
 * and `onDidChangeStatus`; nobody else holds the client.
 */

import { CloseAction, ErrorAction, RevealOutputChannelOn, State } from "vscode-languageclient/node";

import { causeOf, Tail } from "./cause";
import { Client, diagnosticsWithoutFade } from "./client";
import { type CancellationToken, ColorThemeKind, commands, type Disposable, EventEmitter, l10n, window, workspace } from "./host";
import type { Influences } from "./influences";
import type { Installation } from "./installation";
import { SELECTOR } from "./language";
import type { Logs } from "./logs";
import * as protocol from "./protocol";
import { CrashBudget, RestartQueue } from "./restarts";
import { type ServerSettings, serverSettings } from "./settings";
import { tell } from "./trouble";

/** Where the connection stands; "absent" when there is no program to start. */
export type Life = "off" | "absent" | "starting" | "running" | "failed";

/** Runs a server command in a surface of ours; "next" hands it on to the server. */
export type Surface = (command: string, params: protocol.PromptParams | undefined) => Promise<unknown> | "next";

/** Commands that a hover of the server may link to. */
const LINKED = ["smileLens.explain", "smileLens.preview", "smileLens.compare", "smile.explain", "smile.preview", "smile.compare"];

export class Server {
  private client: Client | undefined;
  private readonly queue = new RestartQueue(() => this.begin());
  private readonly crashes = new CrashBudget();
  private readonly tail = new Tail();
  private readonly statusChanged = new EventEmitter<protocol.StatusResult>();
  private readonly lifeChanged = new EventEmitter<Life>();
  private readonly disposables: Disposable[];
  private current: Life = "off";
  /** Whether this program has answered once; one that never did is not started again. */
  private ran = false;
  /** How the running program was found, for the debug information. */
  program: string | undefined;
  surface: Surface = () => "next";
  installation!: Installation;

  readonly onDidChangeStatus = this.statusChanged.event;
  readonly onDidChangeLife = this.lifeChanged.event;

  constructor(
    private readonly influences: Influences,
    private readonly logs: Logs,
  ) {
    this.disposables = [
      window.onDidChangeActiveColorTheme(() => {
        this.sendSettings();
        this.client?.pullDiagnostics();
      }),
      workspace.onDidGrantWorkspaceTrust(() => this.sendSettings()),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("smileLens.path") && this.current !== "off") void this.restart();
        else if (event.affectsConfiguration("smileLens")) this.sendSettings();
      }),
    ];
  }

  get life(): Life {
    return this.current;
  }

  /** What the server said of itself when it was started. */
  get serverInfo(): { name: string; version?: string } | undefined {
    return this.client?.initializeResult?.serverInfo;
  }

  /** Starts the server where it is off; at once back, never a reason to wait. */
  start(): void {
    if (this.current === "off") void this.queue.request();
  }

  /** Starts again at the user's wish; calls while one is under way end in one more start. */
  restart(): Promise<void> {
    this.crashes.renew();
    return this.queue.request();
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client?.needsStop()) await client.stop().catch((error: unknown) => this.logs.extension.warn(String(error)));
    await client?.dispose().catch(() => undefined);
    this.become("off");
  }

  /** Sends one of our requests. Rejects when the server is not running. */
  request<Result>(method: string, params: unknown, token?: CancellationToken): Promise<Result> {
    if (this.client?.isRunning() !== true) return Promise.reject(new Error(l10n.t("SMILE Lens is not running.")));
    // With `undefined` behind them the parameters would be sent as an array.
    return token === undefined ? this.client.sendRequest<Result>(method, params) : this.client.sendRequest<Result>(method, params, token);
  }

  notify(method: string, params: unknown): void {
    if (this.client?.isRunning()) void this.client.sendNotification(method, params);
  }

  /** Runs one of the server's own commands. */
  execute(command: string, params: object): Promise<unknown> {
    return this.request("workspace/executeCommand", { command, arguments: [params] });
  }

  dispose(): void {
    for (const item of [...this.disposables, this.statusChanged, this.lifeChanged]) item.dispose();
  }

  private async begin(): Promise<void> {
    await this.stop();
    this.tail.clear();
    this.ran = false;
    this.become("starting");
    const found = await this.installation.find();
    if (found === undefined) {
      this.become("absent");
      return;
    }
    this.program = `${found.program} (${found.by})`;
    this.logs.extension.info(`starting ${this.program}`);
    const client = this.makeClient(found.program);
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      await this.tail.ended;
      if (this.client === client && this.current === "starting") this.fail(causeOf(this.tail.text) ?? String(error));
    }
  }

  /** The first moment of a connection, also of one that the client started anew after a crash. */
  private begun(client: Client): void {
    const { capabilities, serverInfo } = client.initializeResult ?? {};
    const theirs = (capabilities?.experimental as { smile?: { version?: number } } | undefined)?.smile;
    if (serverInfo?.name !== "smile-lens" || (theirs !== undefined && theirs.version !== protocol.VERSION)) {
      const version = serverInfo?.version ?? "?";
      void this.stop().then(() => this.become("failed"));
      void tell({
        text: l10n.t("SMILE Lens {0} and this extension do not speak the same version of their protocol.", version),
        button: l10n.t("Install the newest"),
        act: () => this.installation.install(),
      });
      return;
    }
    this.ran = true;
    this.become("running");
    void this.request<protocol.StatusResult>(protocol.STATUS, null)
      .then((status) => this.statusChanged.fire(status))
      .catch((error: unknown) => this.logs.extension.warn(`status: ${String(error)}`));
  }

  private makeClient(program: string): Client {
    const client = new Client(
      "smileLens",
      "SMILE Lens",
      { command: program, args: ["lsp"] },
      {
        documentSelector: SELECTOR,
        outputChannel: this.logs.server,
        traceOutputChannel: this.logs.trace,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationOptions: () => this.settings(),
        initializationFailedHandler: () => false,
        markdown: { isTrusted: { enabledCommands: LINKED }, supportHtml: false },
        stdioOptions: {
          stdout: () => undefined,
          stderr: (input) => {
            this.tail.follow(input, (text) => this.logs.server.append(text));
          },
        },
        errorHandler: {
          error: () => ({ action: ErrorAction.Continue, handled: true }),
          closed: () => this.closed(),
        },
        middleware: {
          executeCommand: (command, args, next) => {
            const done = this.surface(command, args[0] as protocol.PromptParams | undefined);
            return done === "next" ? (next(command, args) as unknown) : done;
          },
          ...diagnosticsWithoutFade(),
        },
      },
    );
    client.onNotification(protocol.INFLUENCE, (params: protocol.InfluenceParams) => {
      if (!this.influences.take(params)) this.logs.extension.debug(`dropped colours of version ${params.version}`);
    });
    client.onNotification(protocol.STATUS, (status: protocol.StatusResult) => this.statusChanged.fire(status));
    client.onNotification("experimental/serverStatus", (status: { message?: string }) => {
      if (status.message) this.logs.extension.info(status.message);
    });
    client.onDidChangeState(({ newState }) => {
      // After a crash the client starts itself again, and we begin anew with it.
      if (newState === State.Running && this.client === client && this.current === "starting") this.begun(client);
    });
    return client;
  }

  private async closed(): Promise<{ action: CloseAction; handled: boolean }> {
    await this.tail.ended;
    const cause = causeOf(this.tail.text);
    this.logs.extension.error(`the server ended: ${cause ?? "no cause given"}`);
    if (this.ran && this.crashes.spend(Date.now())) {
      this.tail.clear();
      this.become("starting");
      return { action: CloseAction.Restart, handled: true };
    }
    this.fail(cause ?? l10n.t("it gave no cause"));
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  private fail(cause: string): void {
    if (this.current === "failed") return;
    this.become("failed");
    void tell({
      text: l10n.t("SMILE Lens stopped: {0}", cause),
      button: l10n.t("Start again"),
      act: () => this.restart(),
    });
  }

  private settings(): ServerSettings {
    const { kind } = window.activeColorTheme;
    const dark = kind === ColorThemeKind.Dark || kind === ColorThemeKind.HighContrast;
    return serverSettings(workspace.getConfiguration("smileLens"), dark, workspace.isTrusted);
  }

  private sendSettings(): void {
    this.notify("workspace/didChangeConfiguration", { settings: { smileLens: this.settings() } });
  }

  private become(life: Life): void {
    if (this.current === life) return;
    this.current = life;
    void commands.executeCommand("setContext", "smileLens.running", life === "running");
    this.lifeChanged.fire(life);
  }
}
