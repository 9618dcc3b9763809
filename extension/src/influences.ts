/** What the server last said of every open document, for whoever draws or needs it. */

import { EventEmitter, type Position, type TextDocument, workspace } from "./host";
import type { InfluenceParams, PromptInfluence } from "./protocol";

export class Influences {
  private readonly latest = new Map<string, InfluenceParams>();
  private readonly changed = new EventEmitter<InfluenceParams>();

  /** A message that fits its document's version; others are dropped. */
  readonly onDidChange = this.changed.event;

  /** Takes a message; false when its document is closed or has moved on. */
  take(params: InfluenceParams): boolean {
    const document = workspace.textDocuments.find((open) => open.uri.toString() === params.uri);
    if (document === undefined || document.version !== params.version) return false;
    this.latest.set(params.uri, params);
    this.changed.fire(params);
    return true;
  }

  of(uri: string): InfluenceParams | undefined {
    return this.latest.get(uri);
  }

  /** The prompt at a place, or the nearest one above it on the same paragraph's lines. */
  at(document: TextDocument, position: Position): PromptInfluence | undefined {
    return this.latest
      .get(document.uri.toString())
      ?.prompts.find(({ range }) => range.start.line <= position.line && position.line <= range.end.line);
  }

  prompt(uri: string, id: string | null | undefined): PromptInfluence | undefined {
    return this.latest.get(uri)?.prompts.find((prompt) => prompt.id === id);
  }

  /** All prompts of all documents. */
  get all(): readonly { uri: string; prompt: PromptInfluence }[] {
    return [...this.latest.values()].flatMap(({ uri, prompts }) => prompts.map((prompt) => ({ uri, prompt })));
  }

  forget(uri: string): void {
    this.latest.delete(uri);
  }

  clear(): void {
    this.latest.clear();
  }

  dispose(): void {
    this.changed.dispose();
  }
}
