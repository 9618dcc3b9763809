/** What is seen of an editor: the look of each word, as the browser computed it. */

import fs from "node:fs";
import path from "node:path";

import type { Page } from "playwright-core";

import { ROOT } from "./workbench";

/** A computed colour, channels 0 to 255 and alpha 0 to 1. */
export type Colour = readonly [number, number, number, number];

/** How a word is drawn. `fill` and `line` are undefined where there is none. */
export interface Look {
  readonly fill: Colour | undefined;
  readonly line: { readonly colour: Colour; readonly width: number; readonly style: string } | undefined;
  readonly opacity: number;
}

export type Theme = "dark" | "light" | "highContrast" | "highContrastLight";

interface Ramp {
  readonly themes: Record<Theme, ThemeRamp>;
}
interface ThemeRamp {
  readonly positive_line: string;
  readonly negative_line: string;
  readonly neutral_line: string;
  readonly line_width: readonly number[];
  readonly positive: { readonly rgb: readonly number[]; readonly alpha: readonly number[] };
  readonly negative: { readonly rgb: readonly number[]; readonly alpha: readonly number[] };
}

const RAMP = JSON.parse(fs.readFileSync(path.join(ROOT, "smile_core/report/colours.json"), "utf8")) as Ramp;

/** What the ramp says of a word: from its bucket and state, not from the extension's code. */
export function expected(theme: Theme, word: { bucket: number; state: string }): Look {
  const ramp = RAMP.themes[theme];
  const contrast = theme.startsWith("highContrast") ? 1 : 0;
  if (word.state === "unsure")
    return { fill: undefined, line: { colour: hex(ramp.neutral_line), width: 1 + contrast, style: "dotted" }, opacity: 1 };
  if (word.state !== "effective" || word.bucket === 0) return { fill: undefined, line: undefined, opacity: 1 };
  const step = Math.abs(word.bucket) - 1;
  const { rgb, alpha } = word.bucket < 0 ? ramp.negative : ramp.positive;
  return {
    fill: [rgb[0], rgb[1], rgb[2], alpha[step]],
    line: {
      colour: hex(word.bucket < 0 ? ramp.negative_line : ramp.positive_line),
      width: ramp.line_width[step],
      style: word.bucket < 0 ? "dashed" : "solid",
    },
    opacity: 1,
  };
}

/** What the manifest's two digits and VS Code's two decimals may take from an alpha. */
const ROUNDING = 0.5 / 255 + 0.005;

/** The first difference between two looks, or undefined. */
export function difference(seen: Look, wanted: Look): string | undefined {
  const colours = (name: string, a: Colour | undefined, b: Colour | undefined) => {
    if ((a === undefined) !== (b === undefined)) return `${name} ${JSON.stringify(a)} instead of ${JSON.stringify(b)}`;
    if (a === undefined || b === undefined) return undefined;
    const far = a.slice(0, 3).some((value, i) => Math.abs(value - b[i]) > 1) || Math.abs(a[3] - b[3]) > ROUNDING;
    return far ? `${name} ${JSON.stringify(a)} instead of ${JSON.stringify(b)}` : undefined;
  };
  const fill = colours("fill", seen.fill, wanted.fill);
  if (fill !== undefined) return fill;
  const line = colours("line", seen.line?.colour, wanted.line?.colour);
  if (line !== undefined) return line;
  if (seen.line?.width !== wanted.line?.width) return `line of ${seen.line?.width} instead of ${wanted.line?.width} px`;
  if (seen.line?.style !== wanted.line?.style) return `line ${seen.line?.style} instead of ${wanted.line?.style}`;
  return undefined;
}

/** Puts `window.lookOf(line, start, end)` into a page: the look of a stretch of a line, counted in characters. */
export async function watchLooks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const parse = (text: string): [number, number, number, number] | undefined => {
      const rgb = /^rgba?\(([^)]*)\)$/
        .exec(text)?.[1]
        .split(/[ ,/]+/)
        .map(Number);
      const srgb = /^color\(srgb ([^)]*)\)$/.exec(text)?.[1].split(/[ /]+/).map(Number);
      const [r, g, b, a = 1] = rgb ?? (srgb && [...srgb.slice(0, 3).map((v) => v * 255), ...srgb.slice(3)]) ?? [];
      return r === undefined || a === 0 ? undefined : [r, g, b, a];
    };
    const editor = () => document.querySelector(".editor-instance .monaco-editor")!;
    const lines = () =>
      [...editor().querySelectorAll<HTMLElement>(".view-lines > .view-line")].sort(
        (a, b) => parseFloat(a.style.top) - parseFloat(b.style.top),
      );
    const box = (line: HTMLElement, start: number, end: number) => {
      const walker = document.createTreeWalker(line.firstElementChild ?? line, NodeFilter.SHOW_TEXT);
      const range = document.createRange();
      let at = 0;
      let begun = false;
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const length = node.textContent!.length;
        if (!begun && start < at + length) {
          range.setStart(node, start - at);
          begun = true;
        }
        if (begun && end <= at + length) {
          range.setEnd(node, end - at);
          return range.getBoundingClientRect();
        }
        at += length;
      }
      return undefined;
    };
    Object.assign(window, {
      lineText: (line: number) => lines()[line]?.textContent?.replaceAll("\u00a0", " "),
      lineWith: (text: string) => lines().findIndex((line) => line.textContent.replaceAll("\u00a0", " ").startsWith(text)),
      boxOf: (line: number, start: number, end: number) => {
        const found = lines()[line] && box(lines()[line], start, end);
        return found && { x: found.x, y: found.y, width: found.width, height: found.height };
      },
      // What stands behind a line is drawn without text of its own; nothing while it says that it is updating.
      lineNote: (line: number) => {
        const said = [...(lines()[line]?.querySelectorAll("[class*=ced-]") ?? [])].map((part) => getComputedStyle(part, "::after").content);
        return said.filter((text) => text !== "none" && text !== "normal").join(" ");
      },
      lookOf: (line: number, start: number, end: number) => {
        const place = lines()[line] && box(lines()[line], start, end);
        if (!place) return undefined;
        const middle = { x: place.x + place.width / 2, y: place.y + place.height / 2 };
        let fill, stroke;
        for (const overlay of editor().querySelectorAll<HTMLElement>(".view-overlays .cdr")) {
          const rect = overlay.getBoundingClientRect();
          if (rect.x > middle.x || rect.right < middle.x || rect.y > middle.y || rect.bottom < middle.y) continue;
          // The selection, hints and the like are drawn in the same layer; ours have a line at the foot.
          if (/squiggly/.test(overlay.className)) continue;
          const style = getComputedStyle(overlay);
          if (parseFloat(style.borderBottomWidth) === 0 || parseFloat(style.borderTopWidth) !== 0) continue;
          fill = parse(style.backgroundColor) ?? fill;
          stroke = { colour: parse(style.borderBottomColor)!, width: parseFloat(style.borderBottomWidth), style: style.borderBottomStyle };
        }
        const span = document.elementsFromPoint(middle.x, middle.y).find((e) => e.closest(".view-line") && e.matches("span span"));
        return { fill, line: stroke, opacity: span ? Number(getComputedStyle(span).opacity) : 1 };
      },
    });
  });
}

/** The look of a stretch of a line of the visible editor. */
export async function lookOf(page: Page, line: number, start: number, end: number): Promise<Look | undefined> {
  return page.evaluate(([a, b, c]) => (window as unknown as { lookOf(...p: number[]): Look | undefined }).lookOf(a, b, c), [
    line,
    start,
    end,
  ] as const);
}

function hex(text: string): Colour {
  return [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16)).concat(1) as unknown as Colour;
}
