/** A second client of the same daemon, with nothing of the extension in it: what the workbench shows is judged by it. */

import { type ChildProcess, spawn } from "node:child_process";
import { pathToFileURL } from "node:url";

import { createMessageConnection, type MessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";

import type { InfluenceParams, PromptInfluence, StatusResult } from "../../../extension/src/protocol";
import { SMILE } from "./workbench";

export class Reference {
  private readonly child: ChildProcess;
  private readonly connection: MessageConnection;
  private readonly ended: Promise<never>;
  private readonly latest = new Map<string, InfluenceParams>();
  private readonly versions = new Map<string, number>();

  constructor(
    private readonly folder: string,
    env: NodeJS.ProcessEnv,
  ) {
    this.child = spawn(SMILE, ["lsp"], { env, stdio: ["pipe", "pipe", "ignore"] });
    this.connection = createMessageConnection(new StreamMessageReader(this.child.stdout!), new StreamMessageWriter(this.child.stdin!));
    this.connection.onNotification("smile/influence", (params: InfluenceParams) => {
      if (params.version === this.versions.get(params.uri)) this.latest.set(params.uri, params);
    });
    this.connection.onRequest(() => null);
    this.connection.onNotification(() => undefined);
    this.connection.onError(() => undefined);
    this.connection.listen();
    // A request that is open when the server ends would otherwise wait for ever.
    this.ended = new Promise((_, reject) => this.child.on("exit", (code) => reject(new Error(`smile lsp ended with ${code}`))));
    this.ended.catch(() => undefined);
  }

  async start(): Promise<void> {
    const begun = this.connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: [{ uri: pathToFileURL(this.folder).toString(), name: "covers" }],
      capabilities: { experimental: { smile: { version: 1 } } },
      initializationOptions: {},
    });
    await Promise.race([begun, this.ended]);
    await this.connection.sendNotification("initialized", {});
  }

  async open(file: string, text: string, languageId = "edit-prompt"): Promise<string> {
    const uri = pathToFileURL(file).toString();
    const version = (this.versions.get(uri) ?? 0) + 1;
    if (version > 1) await this.connection.sendNotification("textDocument/didClose", { textDocument: { uri } });
    this.versions.set(uri, version);
    this.latest.delete(uri);
    await this.connection.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId, version, text } });
    return uri;
  }

  /** The prompts of a text when all of them are finished. */
  async finished(file: string, text: string, languageId = "edit-prompt", most = 150_000): Promise<readonly PromptInfluence[]> {
    const uri = await this.open(file, text, languageId);
    const end = Date.now() + most;
    while (Date.now() < end) {
      const prompts = this.latest.get(uri)?.prompts ?? [];
      if (prompts.length > 0 && prompts.every(({ phase }) => phase === "done" || phase === "failed")) return prompts;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the prompts are not explained after ${most / 1000} s`);
  }

  status(): Promise<StatusResult> {
    return Promise.race([this.connection.sendRequest<StatusResult>("smile/status", null), this.ended]);
  }

  stop(): void {
    this.connection.dispose();
    this.child.kill();
  }
}
