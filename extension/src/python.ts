/** A Python that SMILE Lens can live in: 3.11 or newer. */

/** Runs a program and gives what it printed; rejects when it cannot run or fails. */
export type Run = (program: string, ...args: string[]) => Promise<string>;

export const OLDEST = [3, 11] as const;

/** A Python, and whether it is new enough. */
export interface Python {
  readonly program: string;
  readonly version: string;
  readonly fits: boolean;
}

/** What to try, the user's own choices first. */
export function candidates(chosen: string, selected: string | undefined, windows: boolean): string[] {
  if (chosen !== "") return [chosen];
  const named = windows ? ["python", "py"] : ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
  return selected === undefined ? named : [selected, ...named];
}

/** The first that fits; else the first that runs at all, which is then too old; else undefined. */
export async function findPython(programs: readonly string[], run: Run): Promise<Python | undefined> {
  let old: Python | undefined;
  for (const program of programs) {
    const version = await run(program, "-c", "import platform; print(platform.python_version())").catch(() => "");
    const match = /^(\d+)\.(\d+)/.exec(version.trim());
    if (match === null) continue;
    const [major, minor] = [Number(match[1]), Number(match[2])];
    const fits = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
    const python = { program, version: version.trim(), fits };
    if (fits) return python;
    old ??= python;
  }
  return old;
}
