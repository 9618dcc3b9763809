/**
 * Progress with a forecast and a Cancel that works, for edits that take long enough to wonder. Short runs show only
 * in the code lens and the status.
 */

import { l10n, type Progress, ProgressLocation, window } from "./host";
import type { Influences } from "./influences";
import { secondsText, shortened } from "./numbers";
import type { Forecast, InfluenceParams, PromptInfluence } from "./protocol";
import type { Server } from "./server";

/** A run shows once it has lasted this many milliseconds ... */
const PATIENCE = 2_000;
/** ... and this many seconds are left, or nobody knows. */
const SECONDS_LEFT = 2;

interface Run {
  readonly since: number;
  shown: boolean;
  prompt: PromptInfluence;
  report: Progress<{ message: string; increment: number }> | undefined;
  percent: number;
  finish: () => void;
}

export class RunProgress {
  private readonly runs = new Map<string, Run>();
  private readonly listener;

  constructor(
    influences: Influences,
    private readonly server: Server,
    private readonly now: () => number = Date.now,
  ) {
    this.listener = influences.onDidChange((params) => this.follow(params));
    server.onDidChangeLife(() => this.finishAll());
  }

  dispose(): void {
    this.listener.dispose();
    this.finishAll();
  }

  private follow({ uri, prompts }: InfluenceParams): void {
    const running = new Map(prompts.filter(({ phase }) => phase === "running").map((prompt) => [`${uri} ${prompt.id}`, prompt]));
    for (const [key, run] of this.runs) {
      if (key.startsWith(`${uri} `) && !running.has(key)) {
        run.finish();
        this.runs.delete(key);
      }
    }
    for (const [key, prompt] of running) {
      let run = this.runs.get(key);
      if (run === undefined) {
        run = { since: this.now(), shown: false, prompt, report: undefined, percent: 0, finish: () => undefined };
        this.runs.set(key, run);
      }
      run.prompt = prompt;
      if (!run.shown && worthwhile(prompt.forecast, this.now() - run.since)) this.show(uri, run);
      else this.advance(run);
    }
  }

  private show(uri: string, run: Run): void {
    run.shown = true;
    const title = l10n.t("Explaining ‘{0}’", shortened(run.prompt.text));
    void window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, (report, token) => {
      run.report = report;
      token.onCancellationRequested(() => {
        void this.server.execute("smile.cancel", { uri, prompt: run.prompt.id }).catch(() => undefined);
      });
      this.advance(run);
      return new Promise<void>((resolve) => (run.finish = resolve));
    });
  }

  private advance(run: Run): void {
    const { forecast } = run.prompt;
    if (run.report === undefined || forecast === null || forecast === undefined) return;
    const percent = Math.min(99, (100 * forecast.made) / Math.max(1, forecast.expected));
    run.report.report({ message: forecastText(forecast), increment: Math.max(0, percent - run.percent) });
    run.percent = Math.max(percent, run.percent);
  }

  private finishAll(): void {
    for (const run of this.runs.values()) run.finish();
    this.runs.clear();
  }
}

/** "12 of about 28 edits, 2 s left". */
export function forecastText({ made, expected, secondsLeft }: Forecast): string {
  const edits = l10n.t("{0} of about {1} edits", made, expected);
  return secondsLeft === null ? edits : l10n.t("{0}, {1} left", edits, secondsText(secondsLeft));
}

/** Whether a run is long enough to be shown. */
export function worthwhile(forecast: Forecast | null, lasted: number): boolean {
  if (lasted < PATIENCE) return false;
  return forecast === null || forecast.secondsLeft === null || forecast.secondsLeft >= SECONDS_LEFT;
}
