/**
 * Finds the `smile` program: the one that is set, on PATH, beside the selected Python, or in our own environment.
 * Pure of VS Code and of the disk: both are handed in.
 */

import path from "node:path";

/** A program, and how it was found. */
export interface Found {
  readonly program: string;
  readonly by: "setting" | "path" | "python" | "own";
}

/** Where to look. */
export interface Places {
  /** `smileLens.path`, "" where it is not set. */
  readonly setting: string;
  /** The variable PATH. */
  readonly searchPath: string;
  /** The selected interpreter; only in trusted workspaces. */
  readonly python: string | undefined;
  /** The folder of our own environment. */
  readonly own: string;
  readonly home: string;
  readonly windows: boolean;
  readonly runs: (file: string) => boolean;
}

/** The first `smile` that is there; undefined where there is none. A set path that is not there is an error. */
export function findSmile(places: Places): Found | { missing: string } | undefined {
  const { runs, windows } = places;
  const paths = windows ? path.win32 : path.posix;
  const name = windows ? "smile.exe" : "smile";
  if (places.setting !== "") {
    const program = places.setting.replace(/^~(?=$|[\\/])/, places.home);
    return paths.isAbsolute(program) && runs(program) ? { program, by: "setting" } : { missing: places.setting };
  }
  // A relative entry of PATH would name a program inside of whatever folder is open.
  const folders = places.searchPath.split(windows ? ";" : ":").filter((folder) => paths.isAbsolute(folder));
  for (const folder of folders) {
    if (runs(paths.join(folder, name))) return { program: paths.join(folder, name), by: "path" };
  }
  if (places.python !== undefined && paths.isAbsolute(places.python)) {
    const program = paths.join(paths.dirname(places.python), name);
    if (runs(program)) return { program, by: "python" };
  }
  const own = programIn(places.own, "smile", windows);
  return runs(own) ? { program: own, by: "own" } : undefined;
}

/** A program of a virtual environment. */
export function programIn(environment: string, name: string, windows: boolean): string {
  return windows ? path.win32.join(environment, "Scripts", `${name}.exe`) : path.posix.join(environment, "bin", name);
}
