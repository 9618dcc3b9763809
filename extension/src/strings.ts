/** The words of the panel's script, in the user's language. */

import { l10n } from "./host";
import type { Strings } from "./messages";

export function panelStrings(): Strings {
  return {
    leaveOut: l10n.t("leave ‘{0}’ out"),
    putBack: l10n.t("put ‘{0}’ back"),
    putAllBack: l10n.t("Put all words back"),
    without: l10n.t("without {0}"),
    withAll: l10n.t("with all words"),
    before: l10n.t("before"),
    after: l10n.t("after"),
    responseOf: l10n.t("the edit gets to {0} of the way"),
    making: l10n.t("Making the edit {0}"),
    cancel: l10n.t("Cancel"),
    slider: l10n.t("Where one picture ends and the other begins"),
    hint: l10n.t("Click a word to leave it out."),
    notMade: l10n.t("This edit is not made yet."),
    makeIt: l10n.t("Make it"),
  };
}
