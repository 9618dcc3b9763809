/** Numbers as the product writes them. */

/** Bytes in the unit that people read: "812 MB", "1.4 GB". */
export function bytesText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

/** "2 s", "2 min", with "under 1 s" for less. */
export function secondsText(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** The start of a prompt, for titles. */
export function shortened(text: string, most = 40): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).trimEnd()}…`;
}
