/** Programs run to their end, and which files are programs. */

import { execFile, spawn } from "node:child_process";
import fs from "node:fs";

import type { CancellationToken } from "./host";

/** What the program printed. Rejects when it cannot run, fails, or takes longer than ten seconds. */
export function run(program: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 10_000, windowsHide: true }, (error, stdout) => {
      if (error !== null) reject(new Error(error.message));
      else resolve(stdout);
    });
  });
}

/** Runs a program line by line; resolves with its exit status, and ends it when the token is cancelled. */
export function follow(
  program: string,
  args: readonly string[],
  line: (text: string) => void,
  token: CancellationToken,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { windowsHide: true, stdio: ["ignore", "pipe", "pipe"] });
    const cancelled = token.onCancellationRequested(() => child.kill());
    const hear = (data: Buffer) => data.toString().split(/\r?\n/).filter(Boolean).forEach(line);
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", reject);
    child.on("close", (status) => {
      cancelled.dispose();
      resolve(status);
    });
  });
}

/** Whether a file is there and may be run. */
export function runs(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
