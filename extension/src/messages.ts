/** What a panel and the extension say to each other. */

import type { WordInfluence } from "./protocol";

/** What is kept of a panel over a reload of the window; a position, since ids of prompts do not outlive the server. */
export interface PanelState {
  readonly uri: string;
  readonly line: number;
  readonly character: number;
  /** The words left out, by number. */
  readonly out: readonly number[];
}

/** Words of the script that the user reads, translated by the extension. */
export type Strings = Readonly<Record<StringName, string>>;
export type StringName =
  | "leaveOut"
  | "putBack"
  | "putAllBack"
  | "without"
  | "withAll"
  | "before"
  | "after"
  | "responseOf"
  | "making"
  | "cancel"
  | "slider"
  | "hint"
  | "notMade"
  | "makeIt";

export interface Action {
  readonly name: "export" | "compare" | "open" | "retry" | "mend" | "refresh";
  readonly label: string;
}

export type ToPanel =
  | {
      readonly type: "show";
      readonly html: string;
      readonly style: string;
      readonly words: readonly WordInfluence[];
      readonly source: string;
      readonly result: string;
      readonly out: readonly number[];
      readonly state: PanelState | undefined;
      readonly actions: readonly Action[];
      readonly strings: Strings;
    }
  | {
      readonly type: "edit";
      readonly request: number;
      readonly picture: string | null;
      readonly text: string;
      readonly response: number | null;
      readonly notes: readonly string[];
    }
  | { readonly type: "failed"; readonly request: number; readonly text: string }
  | { readonly type: "notice"; readonly text: string; readonly busy: boolean; readonly actions: readonly Action[] };

export type FromPanel =
  | { readonly type: "ready" }
  | { readonly type: "leaveOut"; readonly request: number; readonly out: readonly number[]; readonly make: boolean }
  | { readonly type: "cancel" }
  | { readonly type: "action"; readonly name: Action["name"] };
