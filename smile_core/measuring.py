"""From masks to measured rows: edit their sub-prompts for every seed, compare the pictures, estimate influences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from smile_core.area import Area
from smile_core.assemble import Measured
from smile_core.design import Rows
from smile_core.editing import Edits, Meter
from smile_core.editors.protocol import Editor
from smile_core.errors import EditorError, MethodError
from smile_core.estimate import estimate_posterior, estimate_rows
from smile_core.evidence import AnyEvidence
from smile_core.explanation import Stop
from smile_core.features import Feature
from smile_core.kernel import Kernel
from smile_core.measure import Measure
from smile_core.method import PUBLISHED, Method
from smile_core.picture import Picture
from smile_core.prompt import Prompt
from smile_core.stopping import narrow

PLACEBOS = ("the", "please", "of this", "hello there", "thank you very much")
"""Prompts that should do nothing. Twice the most that any of them moves the picture is the noise floor."""

SECOND_SAMPLE = 1_000_003
"""Added to a seed for the second sample of a text that variant A of the published method takes."""

_SOURCE = "\0source"


@dataclass(frozen=True, eq=False)
class Means:
    """What an explanation is made with: the editor and its name in evidence, the method and its learned parts."""

    editor: Editor
    identity: str
    evidence: AnyEvidence
    method: Method
    feature: Feature
    kernel: Kernel
    shell_name: str | None


class Measuring:
    """The edits of one picture for each seed, and what they say.

    `edits` are those of each seed, `placebos` those of prompts that should do nothing. What the user should know of
    them goes into `notes`.
    """

    def __init__(
        self, means: Means, picture: Picture, area: Area | None, seed: int, meter: Meter, notes: list[str]
    ) -> None:
        self._means, self._picture, self._area, self._seed = means, picture, area, seed
        self._method, self._kernel = means.method, means.kernel
        self._measure = Measure(means.method, means.feature)
        self.meter, self.notes = meter, notes
        self.edits = [self._edits_of(seed + k) for k in range(means.method.seeds)]
        self.placebos = self._edits_of(seed)
        self._floor: float | None = None

    def _edits_of(self, seed: int) -> Edits:
        means = self._means
        return Edits(means.editor, means.identity, means.evidence, self._picture, seed, self.meter, self._area)

    def make(self, prompt: Prompt, shown: np.ndarray) -> list[str]:
        """The sub-prompts of masks (m, n), edited for each seed."""
        texts = [prompt.render(mask) for mask in shown]
        for edits in self.edits:
            edits.make(texts)
            if "" not in edits.pictures:
                edits.use_source_for_empty()
            if texts[0] in edits.failed:
                raise EditorError("the editor refused the whole prompt twice; change the prompt")
        return texts

    def measure_rows(self, prompt: Prompt, rows: Rows, confidence: float) -> Measured:
        """Edit what is missing of the rows, and estimate influences of the prompt's words.

        Raises:
            MethodError: too few edits are usable for the design.
            EditorError: the editor refused the whole prompt.
        """
        texts = [prompt.render(mask) for mask in rows.shown]
        self.meter.expect(sum(len(edits.missing(texts)) for edits in self.edits))
        self.make(prompt, rows.shown)
        per_seed = [self.respond(edits, texts, rows) for edits in self.edits]
        responses = np.stack([response for response, _, _ in per_seed])
        weights = self._kernel(texts[0], texts)
        if self._method.estimate_name == "gp":
            estimate = estimate_posterior(rows.masks, responses, confidence=confidence, target=self._method.target)
        else:
            estimate = estimate_rows(
                rows.masks, responses, weights, rows.fitted, confidence=confidence, surrogate=self._method.surrogate
            )
        if not np.isfinite(estimate.half_widths).all():
            usable = int((rows.fitted & np.isfinite(responses).all(0)).sum())
            raise MethodError(
                f"{usable} usable edits are too few for {len(prompt)} words with this design; "
                "raise the budget, or use design auto"
            )
        stop: Stop = "settled" if narrow(estimate.half_widths, self._method.half_width) else "budget"
        if estimate.exact:
            stop = "exact"
        return Measured(
            words=prompt.words,
            rows=rows,
            texts=texts,
            pictures=self.edits[0].pictures,
            reused=frozenset(self.edits[0].reused),
            failed={text: why for edits in self.edits for text, why in edits.failed.items()},
            responses=responses,
            distances=np.mean([distance for _, distance, _ in per_seed], axis=0),
            weights=weights,
            estimate=estimate,
            stop=stop,
            effect=float(np.mean([effect for _, _, effect in per_seed])),
        )

    def respond(self, edits: Edits, texts: Sequence[str], rows: Rows) -> tuple[np.ndarray, np.ndarray, float]:
        """Responses and distances (m,), NaN for failed edits, and the distance of empty to full."""
        good = np.array([text in edits.pictures for text in texts])
        features = self._measure.features(
            edits.seed, edits.pictures, [t for t, g in zip(texts, good, strict=True) if g]
        )
        full, empty = features[0], features[1]
        size = edits.pictures[texts[0]].shape[:2]
        response, distance = (np.full(len(texts), np.nan) for _ in range(2))
        distance[good] = self._measure.distances(features, full)
        if self._method.response in PUBLISHED:
            sample = good & rows.fitted
            kept = [text for text, use in zip(texts, sample, strict=True) if use]
            chosen, other = features[rows.fitted[good]], self._published_reference(edits, kept)
            response[sample] = self._measure.responses(chosen, full, empty, (size[0], size[1]), other)
        else:
            response[good] = self._measure.responses(features, full, empty, (size[0], size[1]))
        return response, distance, float(distance[1])

    def _published_reference(self, edits: Edits, texts: Sequence[str]) -> np.ndarray | None:
        """What some published responses compare edits with: see `Measure.responses`."""
        if self._method.response == "minmax-input":
            height, width = edits.pictures[texts[0]].shape[:2]
            source = np.asarray(Image.fromarray(self._picture.pixels).resize((width, height)))
            return np.asarray(self._measure.features(edits.seed, {_SOURCE: source}, [_SOURCE])[0])
        if self._method.response != "second-sample":
            return None
        again = self._edits_of(edits.seed + SECOND_SAMPLE)
        again.make(texts)
        if again.failed:
            raise EditorError("the editor refused the second sample of a sub-prompt; use another preset")
        return self._measure.features(again.seed, again.pictures, texts)

    def noise_floor(self) -> float:
        """Twice the most that a placebo moves the picture, in the method's distance; found once."""
        if self._floor is not None:
            return self._floor
        self.placebos.make(PLACEBOS)
        known = [text for text in PLACEBOS if text in self.placebos.pictures]
        if not known:
            self.notes.append("no placebo prompt could be edited, so nothing is known of the noise floor")
        pictures = {**self.placebos.pictures, "": self.edits[0].pictures[""]}
        features = self._measure.features(self._seed, pictures, ["", *known])
        most = max((self._measure.distance(feature, features[0]) for feature in features[1:]), default=0.0)
        self._floor = 2 * most
        return self._floor
