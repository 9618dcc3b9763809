/**
 * Troubles that no change of the text mends, such as a model that fails to load: one message, once, with the button
 * that the server names. Those of the text itself (no picture, front matter) stand at their place as diagnostics.
 */

import { commands, type Disposable } from "./host";
import type { Influences } from "./influences";
import type { InfluenceParams, Trouble } from "./protocol";
import type { Reports } from "./reports";
import { tell } from "./trouble";

const TOLD: ReadonlySet<Trouble["kind"]> = new Set(["model", "editor", "worker", "memory"]);

export function tellTroubles(influences: Influences, reports: Pick<Reports, "waitsFor">): Disposable {
  const told = new Set<string>();
  return influences.onDidChange((params) => {
    const troubles = troublesOf(params);
    for (const { trouble, prompt } of troubles) {
      if (told.has(trouble.text)) continue;
      told.add(trouble.text);
      const { button, command } = trouble;
      // A report that waits for this prompt says it in its place.
      if (button === null || command === null || reports.waitsFor(params.uri, prompt)) continue;
      void tell({ text: trouble.text, button, act: () => commands.executeCommand(command, { uri: params.uri, prompt }) });
    }
    // Once everything is well again, the same trouble is news.
    if (troubles.length === 0) told.clear();
  });
}

/** The troubles of a document that are told, each with its prompt. */
export function troublesOf({ prompts }: InfluenceParams): { trouble: Trouble; prompt: string }[] {
  return prompts.flatMap(({ id, trouble }) => (trouble !== null && TOLD.has(trouble.kind) ? [{ trouble, prompt: id }] : []));
}
