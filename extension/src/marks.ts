/** What to draw on a document: which look stands on which stretch. Pure; `painter.ts` draws it. */

import { shortened } from "./numbers";
import type { InfluenceParams, Range, WordInfluence } from "./protocol";
import { type Change, shifted, stretched, touches } from "./shift";

export const STEPS = 10;
/** Characters of a note; the hover has the rest. */
const LONGEST_NOTE = 90;

/** The name of a look: "positive3", "negative10.stale", "unsure", "unread". */
export type Look = string;

/** A stretch with its look. */
export interface Mark {
  readonly look: Look;
  readonly range: Range;
}

/** What is drawn for one prompt; `note` stands at the end of its last line. */
export interface PromptMarks {
  readonly id: string;
  readonly range: Range;
  readonly marks: readonly Mark[];
  readonly note: string;
}

/** Every look there is, strongest against the edit first. */
export const LOOKS: readonly Look[] = [
  ...["negative", "positive"].flatMap((sign) => Array.from({ length: STEPS }, (_, step) => `${sign}${step + 1}`)),
  "unsure",
]
  .flatMap((look) => [look, `${look}.stale`])
  .concat("unread");

/** The look of one word; undefined for a plain one. */
export function lookOf(word: WordInfluence): Look | undefined {
  const stale = word.stale ? ".stale" : "";
  if (word.state === "effective" && word.bucket !== 0) {
    const step = Math.min(STEPS, Math.abs(word.bucket));
    return `${word.bucket < 0 ? "negative" : "positive"}${step}${stale}`;
  }
  if (word.state === "unsure") return `unsure${stale}`;
  return word.state === "unread" && !word.stale ? "unread" : undefined;
}

/** What a message of the server draws, prompt by prompt. */
export function marksOf(params: InfluenceParams): PromptMarks[] {
  return params.prompts.map((prompt) => ({
    id: prompt.id,
    range: prompt.range,
    marks: prompt.words.flatMap((word) => {
      const look = lookOf(word);
      return look === undefined ? [] : word.ranges.map((range) => ({ look, range }));
    }),
    note: shortened(prompt.note, LONGEST_NOTE),
  }));
}

/**
 * The marks after a change of the text, until the server has spoken: a changed prompt's are stale at once, and its
 * note, if it has one, says `updating`.
 */
export function afterChange(prompts: readonly PromptMarks[], change: Change, updating: string): PromptMarks[] {
  return prompts.map((prompt) => {
    const changed = touches(prompt.range, change.range);
    const marks = prompt.marks.flatMap((mark) => {
      const range = shifted(mark.range, change);
      return range === undefined ? [] : [{ range, look: changed ? staleLook(mark.look) : mark.look }];
    });
    return { ...prompt, range: stretched(prompt.range, change), marks, note: changed && prompt.note !== "" ? updating : prompt.note };
  });
}

function staleLook(look: Look): Look {
  return look === "unread" || look.endsWith(".stale") ? look : `${look}.stale`;
}
