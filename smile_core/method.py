"""The choices of an explanation in one frozen value, checked together, and the named presets."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from smile_core.distance import DISTANCES
from smile_core.errors import MethodError

Design = Literal["auto", "exact", "fold-over", "bernoulli", "leave-one-out"]
Response = Literal[
    "auto", "projection", "regions", "distance", "minmax", "minmax-input", "second-sample", "raw-distance"
]
Surrogate = Literal["least-squares", "ridge", "bayesian-ridge", "best-in-sample"]
PUBLISHED = ("minmax", "minmax-input", "second-sample", "raw-distance")
"""Responses that only published runs use."""

_CHOICES: dict[str, tuple[str, ...]] = {
    "design": ("auto", "exact", "fold-over", "bernoulli", "leave-one-out"),
    "estimate": ("auto", "gp", "rows"),
    "response": ("auto", "projection", "regions", "distance", *PUBLISHED),
    "surrogate": ("least-squares", "ridge", "bayesian-ridge", "best-in-sample"),
    "target": ("linear", "shapley"),
    "stop": ("any", "narrow"),
}
MOST_EXACT_WORDS = 12


@dataclass(frozen=True)
class Method:
    """How an explanation is made.

    Attributes:
        budget: most edits per seed; None leaves it to the design (the base design and later rows up to
            64, or 80 beyond 12 words).
        half_width: 95 % intervals count as narrow when every one is at most this on both sides.
        seeds: how many noise seeds to repeat everything with; intervals then also hold over seeds.
        design: which sub-prompts are tried. "auto": all of them up to 5 words, else fold-over.
        estimate: what stands behind the surrogate. "gp" is a Gaussian process over all sub-prompts (see
            `posterior.py`); "rows" fits the surrogate to the measured rows of a design. "auto" is "gp"
            with design auto, the uniform kernel, least squares and a response that is not published.
        feature: what of a picture is compared: "patches", "pixels" or "dinov2:FOLDER".
        distance: a name in `distance.DISTANCES`; None means "mean-l2", or "rms-l2" beside a projection.
        response: how much of the edit a sub-prompt achieves; see `response.py`. "auto" is "projection",
            which ranks needed words best on scenes (docs/method.md), or "distance" when one is named.
        surrogate: "least-squares", "ridge" or "bayesian-ridge"; "best-in-sample" as published (`published.py`).
            All but the first fit the measured rows, so estimate "rows".
        kernel: row weights: "uniform", or by how far a sub-prompt's text is from the prompt's: "words:FILE" with
            word vectors, or "published:FILE", which compares letters.
        stop: "any" ends when intervals are narrow, or from the base design on when the strongest words are told
            apart (see `stopping.py`); "narrow" waits for narrow intervals.
        target: "linear", the coefficient that trying every sub-prompt would give, or "shapley", Shapley
            values, which sum to 1 and need estimate "gp".

    Raises:
        MethodError: a value is impossible, or two do not go together.
    """

    budget: int | None = None
    half_width: float = 0.04
    seeds: int = 1
    design: Design = "auto"
    estimate: Literal["auto", "gp", "rows"] = "auto"
    feature: str = "patches"
    distance: str | None = None
    response: Response = "auto"
    surrogate: Surrogate = "least-squares"
    kernel: str = "uniform"
    target: Literal["linear", "shapley"] = "linear"
    stop: Literal["any", "narrow"] = "any"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise MethodError(f"{name} {getattr(self, name)!r} is unknown; use one of: {', '.join(choices)}")
        if self.distance is not None and self.distance not in DISTANCES:
            raise MethodError(f"distance {self.distance!r} is unknown; use one of: {', '.join(DISTANCES)}")
        if self.budget is not None and not (isinstance(self.budget, int) and self.budget >= 2):
            raise MethodError(f"budget {self.budget!r} must be a whole number of edits, 2 or more")
        if not 0 < self.half_width < 1:
            raise MethodError(f"half_width {self.half_width!r} must lie between 0 and 1; 0.04 is usual")
        if not 1 <= self.seeds <= 64:
            raise MethodError(f"seeds {self.seeds!r} must lie between 1 and 64")
        if self.response == "projection" and self.distance is not None:
            raise MethodError("response 'projection' measures no distance; leave out distance, or use 'distance'")
        if self.response == "regions" and self.feature not in ("patches", "pixels"):
            raise MethodError("response 'regions' needs a feature with places: use patches or pixels")
        if self.response == "regions" and self.distance not in (None, "mean-l2", "rms-l2", "squared-l2"):
            raise MethodError("response 'regions' compares place by place; use distance mean-l2 or squared-l2")
        if self.estimate == "gp" and not self._fits_process:
            raise MethodError(
                "estimate gp needs design auto, kernel uniform, surrogate least-squares and a response "
                "that is not published"
            )
        if self.target == "shapley" and self.estimate_name != "gp":
            raise MethodError("target shapley needs estimate gp, so design auto and kernel uniform")
        if self.distance == "sliced-wasserstein" and self.feature not in ("patches", "pixels"):
            raise MethodError("distance 'sliced-wasserstein' needs a feature with places: use patches or pixels")

    @property
    def response_name(self) -> str:
        """The response in use."""
        if self.response != "auto":
            return self.response
        return "projection" if self.distance is None else "distance"

    @property
    def estimate_name(self) -> str:
        """The estimate in use, "gp" or "rows"."""
        if self.estimate != "auto":
            return self.estimate
        return "gp" if self._fits_process else "rows"

    @property
    def _fits_process(self) -> bool:
        plain = self.design == "auto" and self.kernel == "uniform" and self.surrogate == "least-squares"
        return plain and self.response not in PUBLISHED

    @property
    def distance_name(self) -> str:
        """The distance in use; with a projection it only says how large an edit is."""
        return self.distance or ("rms-l2" if self.response_name == "projection" else "mean-l2")

    def changed(self, **values: Any) -> Method:
        """A copy with some fields changed.

        Raises:
            MethodError: a field does not exist, or the result is impossible.
        """
        known = [field.name for field in fields(self)]
        for name in values:
            if name not in known:
                hint = "name the model by editor=..." if name == "model" else f"its fields are: {', '.join(known)}"
                raise MethodError(f"a method has no field {name!r}; {hint}")
        return replace(self, **values)

    @staticmethod
    def preset(name: str) -> Method:
        """A named method: "default", or "paper-a" to "paper-d", SMILE as published in four variants, faults
        included, except that words keep their order and duplicates; "paper" is "paper-b".

        They still need `kernel="published:FILE"` ("words:FILE" for D), and A to C `feature="dinov2:FOLDER"`.
        """
        if name not in PRESETS:
            raise MethodError(f"preset {name!r} is unknown; use one of: {', '.join(PRESETS)}")
        return PRESETS[name]


_PAPER = Method(
    budget=30,
    design="bernoulli",
    feature="dinov2:",
    distance="wasserstein",
    response="minmax",
    kernel="published:",
)
PRESETS = {
    "default": Method(),
    "paper": _PAPER,
    "paper-a": _PAPER.changed(response="second-sample"),
    "paper-b": _PAPER,
    "paper-c": _PAPER.changed(budget=10, response="minmax-input", surrogate="best-in-sample"),
    "paper-d": _PAPER.changed(
        budget=64,
        feature="pixels",
        distance="lossy-wasserstein",
        response="raw-distance",
        kernel="words:",
        surrogate="best-in-sample",
    ),
}
