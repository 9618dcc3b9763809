/**
 * Changes the settings block of a prompt document (`---`, `image: ...`, `---`), in an `.edit` file or in the `edit`
 * fence of Markdown that a line lies in. Pure functions of lines; the keys are those of `smile_core/documents`.
 */

/** Replaces lines `first` to `last`, both included; `last` = `first` - 1 inserts before `first`. */
export interface LineEdit {
  readonly first: number;
  readonly last: number;
  readonly text: readonly string[];
}

/** A setting as it is written: its line, the column where the value begins, and the value without quotes. */
export interface Written {
  readonly line: number;
  readonly column: number;
  readonly end: number;
  readonly value: string;
}

const OPEN = /^ {0,3}(`{3,}|~{3,})[ \t]*edit[ \t]*$/;

/** Where the document that holds `line` begins and ends: the inside of a fence, or the whole file. */
export function block(lines: readonly string[], line: number, markdown: boolean): { first: number; end: number } | undefined {
  if (!markdown) return { first: 0, end: lines.length };
  for (let start = 0; start < lines.length; start++) {
    const fence = OPEN.exec(lines[start])?.[1];
    if (fence === undefined) continue;
    let end = start + 1;
    while (end < lines.length && !lines[end].trim().startsWith(fence)) end++;
    if (line >= start && line <= end) return { first: start + 1, end };
    start = end;
  }
  return undefined;
}

/** The value of a key in the settings of the block that holds `line`. */
export function find(lines: readonly string[], line: number, markdown: boolean, key: string): Written | undefined {
  const settings = settingsOf(lines, line, markdown);
  if (settings === undefined) return undefined;
  for (let number = settings.open + 1; number < settings.close; number++) {
    const match = new RegExp(`^(\\s*${key}\\s*:\\s*)(.*)$`).exec(lines[number]);
    if (match === null) continue;
    const raw = match[2];
    const quote = /^(["'])(.*?)\1/.exec(raw);
    const value = quote ? quote[2] : raw.replace(/(?:^|\s)#.*$/, "").trim();
    const end = match[1].length + (quote ? quote[0].length : value.length);
    return { line: number, column: match[1].length, end, value };
  }
  return undefined;
}

/** The edit that sets a key, with the block made where there is none. Undefined outside of any `edit` fence. */
export function set(lines: readonly string[], line: number, markdown: boolean, key: string, value: string): LineEdit | undefined {
  const place = block(lines, line, markdown);
  if (place === undefined) return undefined;
  const text = `${key}: ${quoted(value)}`;
  const settings = settingsOf(lines, line, markdown);
  if (settings === undefined) {
    return { first: place.first, last: place.first - 1, text: ["---", text, "---"] };
  }
  const written = find(lines, line, markdown, key);
  if (written !== undefined) {
    const rest = lines[written.line].slice(written.end);
    const comment = /^\s+#/.test(rest) ? rest : "";
    return { first: written.line, last: written.line, text: [text + comment] };
  }
  const at = key === "image" ? settings.open + 1 : settings.close;
  return { first: at, last: at - 1, text: [text] };
}

function settingsOf(lines: readonly string[], line: number, markdown: boolean): { open: number; close: number } | undefined {
  const place = block(lines, line, markdown);
  if (place === undefined) return undefined;
  let open = place.first;
  while (open < place.end && lines[open].replace("\ufeff", "").trim() === "") open++;
  if (open >= place.end || lines[open].replace("\ufeff", "").trim() !== "---") return undefined;
  for (let close = open + 1; close < place.end; close++) {
    if (lines[close].trim() === "---") return { open, close };
  }
  return undefined;
}

/** Quotes where a `#`, a quote or blanks at an end would be read as something else. */
function quoted(value: string): string {
  if (!/(^|\s)#|^["']|^\s|\s$/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
