/** SMILE Lens: shows what every word of an image-editing instruction does. Starts the parts and joins them. */

import { registerCommands } from "./commands";
import { commands, type ExtensionContext, type TextDocument, window, workspace } from "./host";
import { tellFocus } from "./focus";
import { Influences } from "./influences";
import { Installation } from "./installation";
import { holdsPrompts } from "./language";
import { openLogs } from "./logs";
import { Painter } from "./painter";
import { Pictures } from "./pictures";
import { Previews } from "./previews";
import { RunProgress } from "./progress";
import type { InfluenceParams } from "./protocol";
import { Reports } from "./reports";
import { type Life, Server } from "./server";
import { Status } from "./status";
import { tellTroubles } from "./troubles";

/** What other extensions may use, and the tests inside of the extension host do. */
export interface Api {
  /** The newest message of the server about an open document. */
  influence(uri: string): InfluenceParams | undefined;
  /** Milliseconds that activation took. */
  readonly activation: number;
  /** Where the connection to the server stands. */
  readonly life: Life;
}

let running: Server | undefined;

export function activate(context: ExtensionContext): Api {
  const started = performance.now();
  const logs = openLogs();
  const influences = new Influences();
  const server = (running = new Server(influences, logs));
  const installation = new Installation(context, logs, () => server.restart());
  server.installation = installation;
  const reports = new Reports(context.extensionUri, server, influences);
  const previews = new Previews(context.extensionUri, server, influences);
  const status = new Status(server, influences);
  const painter = new Painter(influences);
  const parts = {
    extension: context.extensionUri,
    storage: context.globalStorageUri,
    version: (context.extension.packageJSON as { version: string }).version,
    server,
    installation,
    influences,
    reports,
    previews,
    status,
    logs,
  };
  context.subscriptions.push(
    logs,
    influences,
    server,
    reports,
    previews,
    status,
    painter,
    new RunProgress(influences, server),
    new Pictures(),
    tellFocus(server),
    tellTroubles(influences, reports),
    registerCommands(parts),
    server.onDidChangeLife((life) => {
      if (life === "failed" || life === "absent") painter.clear();
    }),
    workspace.onDidOpenTextDocument((document) => startFor(document, server)),
    workspace.onDidChangeTextDocument(({ document }) => startFor(document, server)),
    workspace.onDidCloseTextDocument((document) => influences.forget(document.uri.toString())),
    window.onDidChangeActiveTextEditor(markContext),
    workspace.onDidChangeTextDocument(({ document }) => {
      if (document === window.activeTextEditor?.document) markContext();
    }),
  );
  markContext();
  // Not before activation is over: starting is the server's matter, and nothing waits for it.
  setImmediate(() => workspace.textDocuments.forEach((document) => startFor(document, server)));
  const activation = performance.now() - started;
  logs.extension.info(`activated in ${activation.toFixed(1)} ms`);
  return {
    influence: (uri) => influences.of(uri),
    activation,
    get life() {
      return server.life;
    },
  };
}

export async function deactivate(): Promise<void> {
  await running?.stop();
}

function startFor(document: TextDocument, server: Server): void {
  if (server.life === "off" && holdsPrompts(document)) server.start();
}

let marked: boolean | undefined;

/** The context key that `when` clauses of commands ask for. */
function markContext(): void {
  const document = window.activeTextEditor?.document;
  const holds = document !== undefined && holdsPrompts(document);
  if (holds === marked) return;
  marked = holds;
  void commands.executeCommand("setContext", "smileLens.document", holds);
}
