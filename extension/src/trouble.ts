/** Bad news: one message with one button that mends it, and never the same message twice at a time. */

import { window } from "./host";

/** What went wrong, in a sentence or two, and what the button does. */
export interface Mend {
  readonly text: string;
  readonly button: string;
  readonly act: () => unknown;
}

const shown = new Set<string>();

/** Shows the message; resolves when it was answered or closed. */
export async function tell(mend: Mend, severity: "error" | "warning" | "information" = "error"): Promise<void> {
  if (shown.has(mend.text)) return;
  shown.add(mend.text);
  try {
    const show = {
      error: window.showErrorMessage,
      warning: window.showWarningMessage,
      information: window.showInformationMessage,
    }[severity] as (text: string, ...buttons: string[]) => Thenable<string | undefined>;
    if ((await show(mend.text, mend.button)) === mend.button) await mend.act();
  } finally {
    shown.delete(mend.text);
  }
}
