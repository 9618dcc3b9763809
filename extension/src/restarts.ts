/** Restarts: asked for any number of times, done one after the other, and never more than once too often. */

/**
 * Runs one task at a time. Requests that come while it runs are answered by one more run, however many they are.
 */
export class RestartQueue {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(private readonly task: () => Promise<void>) {}

  /** Resolves after a run that began after this call. */
  request(): Promise<void> {
    if (this.running === undefined) return this.run();
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.run();
      });
    return this.next;
  }

  private run(): Promise<void> {
    this.running = this.task().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }
}

/** Gives leave for `most` restarts within `window` milliseconds, so that a server that keeps dying is let go. */
export class CrashBudget {
  private crashes: number[] = [];

  constructor(
    private readonly most = 4,
    private readonly window = 3 * 60_000,
  ) {}

  /** Counts one crash; false when it is one too many. */
  spend(now: number): boolean {
    this.crashes = [...this.crashes.filter((then) => now - then < this.window), now];
    return this.crashes.length <= this.most;
  }

  /** Forgets all crashes, as after a restart that the user asked for. */
  renew(): void {
    this.crashes = [];
  }
}
