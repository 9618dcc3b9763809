"""The nine published measures of fit, in sample, with what each says."""

from __future__ import annotations

from smile_core.quality import Fidelity
from smile_core.report.wording import MISSING, plain, significant


def in_sample(fidelity: Fidelity) -> list[tuple[str, str, str]]:
    """Name, value and meaning of each; they judge edits that the fit has seen, so they always flatter."""
    adjusted = fidelity.adjusted_r2
    few = "no more edits than words, so there is none"
    return [
        ("R²", plain(fidelity.r2, 3), "share of the differences between these edits that the influences explain"),
        ("adjusted R²", MISSING if adjusted is None else plain(adjusted, 3), few if adjusted is None else _ADJUSTED),
        ("MSE", significant(fidelity.mse), "weighted mean of squared errors"),
        ("MAE", significant(fidelity.mae), "weighted mean of absolute errors"),
        ("mean loss", significant(fidelity.mean_loss), "mean response less mean prediction"),
        ("mean L1", significant(fidelity.mean_l1), "mean absolute error, every edit alike"),
        ("mean L2", significant(fidelity.mean_l2), "mean squared error, every edit alike"),
        ("weighted L1", significant(fidelity.weighted_l1), "weighted absolute errors over the number of edits"),
        ("weighted L2", significant(fidelity.weighted_l2), "weighted squared errors over the number of edits"),
    ]


_ADJUSTED = "the same, less what as many words would explain by chance"
