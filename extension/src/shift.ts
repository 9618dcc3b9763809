/** Where a range lies after a change of the text; the same positions as LSP's, from 0. */

import type { Position, Range } from "./protocol";

/** One change: `range` is replaced by `text`. */
export interface Change {
  readonly range: Range;
  readonly text: string;
}

/** The range after the change, or undefined when the change touches its inside. */
export function shifted(range: Range, change: Change): Range | undefined {
  if (!before(change.range.start, range.end)) return range;
  if (before(range.start, change.range.end)) return undefined;
  // An insertion right at the start of a word belongs to the word unless it ends with white space.
  if (same(change.range.end, range.start) && change.text !== "" && !/\s$/.test(change.text)) return undefined;
  return { start: moved(range.start, change), end: moved(range.end, change) };
}

/** Whether two stretches share a place, their ends included. */
export function touches(range: Range, other: Range): boolean {
  return !before(range.end, other.start) && !before(other.end, range.start);
}

/** A stretch that grows with what is typed into it. */
export function stretched(range: Range, change: Change): Range {
  if (before(range.end, change.range.start)) return range;
  const start = before(change.range.start, range.start) ? moved(later(range.start, change.range.end), change) : range.start;
  return { start, end: moved(later(range.end, change.range.end), change) };
}

function moved(place: Position, change: Change): Position {
  const lines = change.text.split(/\r\n|\r|\n/);
  const { start, end } = change.range;
  const line = place.line + lines.length - 1 - (end.line - start.line);
  if (place.line !== end.line) return { line, character: place.character };
  const behind = place.character - end.character;
  return { line, character: (lines.length > 1 ? 0 : start.character) + (lines.at(-1)?.length ?? 0) + behind };
}

function before(one: Position, other: Position): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}

function same(one: Position, other: Position): boolean {
  return one.line === other.line && one.character === other.character;
}

function later(one: Position, other: Position): Position {
  return before(one, other) ? other : one;
}
