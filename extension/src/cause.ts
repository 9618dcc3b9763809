/** Why the server ended, from what it wrote to stderr: the last line that says something. */

// Colours, and the frames that command-line libraries draw around an error.
const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g;
const FRAME = /[\u2500-\u257f]/g;
const NOISE = /^(?:Usage: |Try )|^[-=~^ ]*$/;
const LONGEST = 300;

/** One sentence, or undefined where stderr is silent. */
export function causeOf(stderr: string): string | undefined {
  const lines = stderr
    .replace(ANSI, "")
    .split(/\r?\n/)
    .map((line) => line.replace(FRAME, " ").trim())
    .filter((line) => line.length > 0 && !NOISE.test(line) && line !== "Error");
  return lines.at(-1)?.slice(0, LONGEST);
}

/** Keeps the end of a stream, so that a crash can be explained without keeping all that was ever said. */
export class Tail {
  private kept = "";

  constructor(private readonly most = 8_192) {}

  add(text: string): void {
    this.kept = (this.kept + text).slice(-this.most);
  }

  clear(): void {
    this.kept = "";
  }

  get text(): string {
    return this.kept;
  }
}
