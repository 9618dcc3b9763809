/**
 * How each look is drawn: a fill under the text and a line at its foot. Colours go by their ids, which package.json
 * contributes for all four kinds of theme; widths and stale shares are those of `smile_core/report/colours.json`.
 */

import { ColorThemeKind, window } from "./host";
import type { Look } from "./marks";

/** A look in terms of CSS; colours that are ids of the theme stand in `fill` and `line` as `smileLens.…`. */
export interface Style {
  readonly fill: string | undefined;
  readonly line: string;
  readonly lineWidth: number;
  readonly lineStyle: "solid" | "dashed" | "dotted";
  /** Where the look shows beside the scroll bar. */
  readonly ruler: string | undefined;
}

/** Line width of steps 1 to 10 in ordinary themes; high contrast adds one. */
export const LINE_WIDTHS = [1, 1, 1, 2, 2, 2, 3, 3, 3, 3] as const;
const STALE_FILL = 38;
const STALE_LINE = 45;

/** The style of a look; undefined for `unread`, which is only struck through. */
export function styleOf(look: Look, highContrast: boolean): Style | undefined {
  const [name, stale] = look.split(".");
  const more = highContrast ? 1 : 0;
  if (name === "unread") return undefined;
  if (name === "unsure") {
    const line = "smileLens.neutralLine";
    return { fill: undefined, line: stale ? faint(line, STALE_LINE) : line, lineWidth: 1 + more, lineStyle: "dotted", ruler: undefined };
  }
  const step = Number(/\d+$/.exec(name)?.[0]);
  const negative = name.startsWith("negative");
  const line = negative ? "smileLens.negativeLine" : "smileLens.positiveLine";
  const fill = `smileLens.${name}`;
  return {
    fill: stale ? faint(fill, STALE_FILL) : fill,
    line: stale ? faint(line, STALE_LINE) : line,
    lineWidth: LINE_WIDTHS[step - 1] + more,
    lineStyle: negative ? "dashed" : "solid",
    ruler: stale ? undefined : line,
  };
}

/** A theme colour at a share of its strength, as CSS. */
function faint(id: string, percent: number): string {
  return `color-mix(in srgb, var(--vscode-${id.replace(".", "-")}) ${percent}%, transparent)`;
}

/** Whether the theme is one of the two with high contrast. */
export function isHighContrast(): boolean {
  const { kind } = window.activeColorTheme;
  return kind === ColorThemeKind.HighContrast || kind === ColorThemeKind.HighContrastLight;
}
