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

/** How long a program that has ended may still have something to say, in milliseconds. */
const LAST_WORDS = 1_000;

/** Keeps the end of a stream, so that a crash can be explained without keeping all that was ever said. */
export class Tail {
  private kept = "";
  private stream: NodeJS.ReadableStream | undefined;

  constructor(private readonly most = 8_192) {}

  /** Keeps what a stream says from now on, and hands it on. */
  follow(stream: NodeJS.ReadableStream, hear: (text: string) => void): void {
    this.stream = stream;
    stream.on("data", (data: Buffer | string) => {
      this.add(data.toString());
      hear(data.toString());
    });
    stream.on("close", () => {
      if (this.stream === stream) this.stream = undefined;
    });
  }

  /** Resolves when the followed stream has said all, or does not end. */
  get ended(): Promise<void> {
    const { stream } = this;
    if (stream === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const late = setTimeout(resolve, LAST_WORDS);
      stream.once("close", () => {
        clearTimeout(late);
        resolve();
      });
    });
  }

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
