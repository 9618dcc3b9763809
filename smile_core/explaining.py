"""One explanation in the making: looks, edits, responses, estimate, and when to stop."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache

import numpy as np

from smile_core import design, plan
from smile_core.area import Area
from smile_core.assemble import Measured, assemble
from smile_core.design import MOST_WORDS, Rows
from smile_core.editing import Meter, Progress
from smile_core.editors.protocol import KnowsItsLimits, ReadsPartly
from smile_core.errors import EditorError, MethodError
from smile_core.explanation import Counts, Explanation, Setting
from smile_core.measuring import Means, Measuring
from smile_core.method import MOST_EXACT_WORDS
from smile_core.phrases import FIRST_PHRASES, Groups, open_strongest, split_evenly
from smile_core.picture import Picture
from smile_core.prompt import Prompt
from smile_core.published import REMARKS
from smile_core.stopping import order_settled
from smile_core.sub_prompts import SubPrompts

ProgressCallback = Callable[[Progress], None]

MOST_KNOWN_TEXTS = 400
"""More known sub-prompts than this are not looked at one by one."""

FILLED = ("minmax", "minmax-input")
"""Published responses whose masks of fewer than two words are filled up."""

MASKS_OF_A_TEXT = 4
"""With words that stand twice many masks give one text; more of them say little more."""


@dataclass(frozen=True, eq=False)
class Preview:
    """The picture that a prompt makes, uint8 (H, W, 3), and sentences for the user about it."""

    picture: np.ndarray
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class MaskEdit:
    """The edit of a sub-prompt.

    `picture` is uint8 (H, W, 3), None where it is not known and was not to be made. `response` is how much of the
    whole edit it achieves, None where the whole or the empty prompt's edit is not known. `known` says that nothing
    had to be made.
    """

    text: str
    picture: np.ndarray | None
    response: float | None
    known: bool
    notes: tuple[str, ...]


class Run:
    """One explanation in the making."""

    def __init__(
        self,
        means: Means,
        prompt: Prompt,
        picture: Picture,
        area: Area | None,
        seed: int,
        progress: ProgressCallback | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.asked = self.method = means.method
        self.editor, self.evidence = means.editor, means.evidence
        self.prompt, self.picture, self.area, self.seed = prompt, picture, area, seed
        self.words, self.shell_name = prompt.words, means.shell_name
        self.notes = [*picture.notes, *([REMARKS[self.method.response]] if self.method.response in REMARKS else [])]
        if isinstance(self.editor, KnowsItsLimits):
            self.notes += self.editor.remarks(picture.pixels, [word.text for word in self.words])
        self.measuring = Measuring(means, picture, area, seed, Meter(progress, cancelled), self.notes)
        self.edits = self.measuring.edits

    def preview(self) -> Preview:
        read = self._words_read()
        text = self.prompt.render([int(i < read) for i in range(len(self.words))])
        self.edits[0].make([text])
        if text in self.edits[0].failed:
            raise EditorError("the editor refused the prompt twice; change the prompt")
        return Preview(self.edits[0].pictures[text], tuple(self.notes))

    def edit(self, mask: Sequence[int] | None, *, make: bool) -> MaskEdit:
        n = len(self.words)
        if mask is not None and len(mask) != n:
            raise MethodError(f"a mask of {len(mask)} entries does not fit {n} words; give one a word")
        read = self._words_read()
        kept = [int(bool(k)) if i < read else 0 for i, k in enumerate(mask if mask is not None else [1] * n)]
        text, full = self.prompt.render(kept), self.prompt.render([int(i < read) for i in range(n)])
        edits = self.edits[0]
        missing = edits.missing([full, "", text])
        known = text not in missing
        if make and not known:
            edits.make([text])
            if text == "" and "" not in edits.pictures:
                edits.use_source_for_empty()
            elif text in edits.failed:
                raise EditorError("the editor refused this sub-prompt twice; keep other words")
        response = None
        if all(t in edits.pictures for t in (full, "", text)):
            rows = np.array([[1] * n, [0] * n, kept], np.uint8)
            response = float(self.measuring.respond(edits, [full, "", text], _all_fitted(rows))[0][2])
        return MaskEdit(text, edits.pictures.get(text), response, known, tuple(self.notes))

    def responses(self, masks: np.ndarray) -> tuple[np.ndarray, int]:
        n = len(self.words)
        if masks.ndim != 2 or masks.shape[1] != n:
            raise MethodError(f"masks of shape {masks.shape} do not fit {n} words; give one column a word")
        rows = np.concatenate([design.full_and_empty(n), masks.astype(np.uint8)])
        edits = self.edits[0]
        texts = [self.prompt.render(mask) for mask in rows]
        edits.make(texts)
        if "" not in edits.pictures:
            edits.use_source_for_empty()
        if texts[0] in edits.failed:
            raise EditorError("the editor refused the whole prompt twice; change the prompt")
        measured, _, _ = self.measuring.respond(edits, texts, _all_fitted(rows))
        return measured[2:], edits.made

    def stream(self, *, between: bool = True) -> Iterator[Explanation]:
        """Explanations; with `between` also those between two looks, which cost time and are not the last."""
        started = time.perf_counter()
        read = self._words_read()
        if self.method.design == "exact" and read > MOST_EXACT_WORDS:
            raise MethodError(
                f"{read} words have {2**read} sub-prompts; use design auto beyond {MOST_EXACT_WORDS} words"
            )
        groups: Groups = tuple((i,) for i in range(read))
        if read > MOST_WORDS:
            groups = self._open_phrases(read)
        merged = self.prompt.merged(groups)
        look_by_look = self._looks if self.method.estimate_name == "gp" else self._measure
        for measured in look_by_look(merged, between=between):
            yield self._explanation(measured, read, time.perf_counter() - started)

    def _explanation(self, measured: Measured, read: int, seconds: float) -> Explanation:
        floor, notes = self.measuring.noise_floor(), list(self.notes)
        if any(edits.source_instead for edits in self.edits):
            notes.append("the editor refuses an empty prompt; the picture itself stands for that edit")
        return assemble(
            measured,
            prompt=self.prompt.text,
            unread=self.words[read:],
            noise_floor=floor,
            setting=self._setting(measured),
            counts=Counts(
                made=sum(edits.made for edits in self.edits),
                reused=sum(len(edits.reused) for edits in self.edits),
                failed=sum(len(edits.failed) for edits in self.edits),
                placebo=self.measuring.placebos.made,
            ),
            seconds=seconds,
            notes=tuple(notes),
        )

    def _words_read(self) -> int:
        """How many leading words the model reads; the others are left out of every sub-prompt."""
        if not isinstance(self.editor, ReadsPartly):
            return len(self.words)
        limit = self.editor.characters_read(self.prompt.render([1] * len(self.words)))
        read = 0
        while read < len(self.words):
            kept = [int(i <= read) for i in range(len(self.words))]
            if len(self.prompt.render(kept)) > limit:
                break
            read += 1
        if read == 0:
            raise EditorError("the model reads no more than part of the first word; write a shorter one")
        if read < len(self.words):
            self.notes.append(f"the model reads {read} of the {len(self.words)} words; the others were left out")
        return read

    def _open_phrases(self, read: int) -> Groups:
        """Phrases of a long prompt, opened where they act; a small budget leaves them closed."""
        phrases = split_evenly(read, FIRST_PHRASES)
        merged = self.prompt.merged(phrases)
        first, last = len(plan.design_rows(FIRST_PHRASES)), len(plan.design_rows(MOST_WORDS))
        if self.method.budget is not None and self.method.budget < first + last:
            self.notes.append(f"{read} words are too many for {self.method.budget} edits; they were taken as phrases")
            return phrases
        coarse = self.measuring.measure_rows(merged, _all_fitted(plan.design_rows(FIRST_PHRASES)), 0.95).estimate
        if self.method.budget is not None:
            self.method = self.method.changed(budget=self.method.budget - first)
        self.notes.append(f"{read} words are many: words next to each other that do little were taken together")
        return open_strongest(phrases, np.abs(coarse.influences).tolist(), MOST_WORDS)

    def _looks(self, prompt: Prompt, *, between: bool) -> Iterator[Measured]:
        """Rows by the plan, those that evidence holds first; the last one given is the result.

        The explanation may stop at few looks, whose number is fixed beforehand; they share the five per
        cent. What is shown between them is not a reason to stop, nor is the first answer: the base design's
        leave-one-out edits show what single words do, and make a deletion free.
        """
        n, budget = len(prompt), self.method.budget
        least = min(n + 2, 1 << n)
        if budget is not None and budget < least:
            raise MethodError(f"a budget of {budget} edits is too small for {n} words; use {least} or more")
        looks = plan.looks(n, budget)
        stops = looks[1:] or looks
        confidence = 1 - 0.05 / len(stops)
        known = self._known_masks(prompt)
        fresh, made, at_once = not len(known), 0, plan.CHUNK if between else looks[-1].rows
        measured = None
        if fresh:
            rows, effect = self._first_answer(prompt, looks[0].rows)
            # Without anyone to see it, the first answer is only made where it is the last.
            shown = between or looks[0] in stops or effect <= self.measuring.noise_floor()
        else:
            rows, shown = plan.first_rows(n, known), True
        if shown:
            measured = self.measuring.measure_rows(prompt, _all_fitted(rows), confidence)
        for look in looks if shown else stops:
            while True:
                given = None if measured is None else measured.estimate.posterior
                new = plan.next_rows_for(look, looks[-1], rows, given, made=made, fresh=fresh, most=at_once)
                if measured is not None and not len(new):
                    break
                if measured is not None and between:
                    yield replace(measured, stop="running")
                if fresh:
                    self.measuring.meter.towards((look.rows - len(rows)) * len(self.edits))
                made, rows = made + len(new), np.vstack([rows, new])
                measured = self.measuring.measure_rows(prompt, _all_fitted(rows), confidence)
            if measured.estimate.exact or measured.effect <= self.measuring.noise_floor():
                break
            if look not in stops:
                continue
            if measured.stop != "budget":
                break
            # At the last look nothing is left to save.
            clear_order = self.method.stop == "any" and look is not looks[-1]
            if clear_order and order_settled(measured.estimate.influences, measured.estimate.half_widths):
                measured = replace(measured, stop="order")
                break
        if measured is not None:
            yield measured

    def _first_answer(self, prompt: Prompt, count: int) -> tuple[np.ndarray, float]:
        """The rows of the first answer, and the distance between the full and the empty prompt's edits."""
        effect = 0.0
        self.measuring.meter.expect(count * len(self.edits))

        def respond(masks: np.ndarray) -> np.ndarray:
            nonlocal effect
            texts = self.measuring.make(prompt, masks)
            per_seed = [self.measuring.respond(edits, texts, _all_fitted(masks)) for edits in self.edits]
            effect = float(np.mean([each for _, _, each in per_seed]))
            return np.asarray(np.mean([response for response, _, _ in per_seed], axis=0))

        rows = plan.first_answer(len(prompt), count, respond)
        if len(prompt) <= 5:
            respond(rows)
        self.measuring.make(prompt, rows)
        self.measuring.meter.no_more()
        return rows, effect

    def _known_masks(self, prompt: Prompt) -> np.ndarray:
        """The masks (k, n) whose edits evidence holds already, whoever asked for them."""
        setting = self.edits[0].key("").setting
        texts = self.evidence.known(setting, prompt.words)[:MOST_KNOWN_TEXTS]
        found = SubPrompts(prompt.words)
        masks = [mask for text in texts for mask in found.masks_of(text, most=MASKS_OF_A_TEXT)]
        return np.array(masks, np.uint8).reshape(-1, len(prompt))

    def _measure(self, prompt: Prompt, *, between: bool) -> Iterator[Measured]:
        """Try the design's first rows, and its later ones where the intervals are still wide."""
        n = len(prompt)
        first, later = self._designs(n)
        confidence = 0.95 if later is None else 0.975  # Two looks share the five per cent.
        measured = self.measuring.measure_rows(prompt, first, confidence)
        wide = measured.estimate.half_widths.max(initial=0) > self.method.half_width
        if later is not None and wide and measured.effect > 0:
            if between:
                yield replace(measured, stop="running")
            measured = self.measuring.measure_rows(prompt, later, confidence)
        yield measured

    def _designs(self, n: int) -> tuple[Rows, Rows | None]:
        """The rows to try first, and the longer list to go on with, if there is one."""
        method, budget = self.method, self.method.budget
        least = 1 << n if method.design == "exact" else min(n + 2, 1 << n)
        if budget is not None and budget < least:
            raise MethodError(f"a budget of {budget} edits is too small for {n} words; use {least} or more")
        match method.design:
            case "bernoulli":
                return design.bernoulli_rows(n, budget or 30, filled=method.response in FILLED), None
            case "exact":
                return design.exact_rows(n), None
            case "fold-over":
                return design.fold_over_rows(n, budget), None
            case "leave-one-out":
                return design.leave_one_out_rows(n), None
        rows = design.base_rows(n)
        most = budget or max(len(rows.masks), 64 if n <= 12 else 80)
        later = design.later_rows(n, most) if n > 5 and most > len(rows.masks) else None
        return rows.first(most), later

    def _setting(self, measured: Measured) -> Setting:
        described = dict(self.editor.describe())
        if self.area is not None:
            described |= {"area": self.area.name, "area_sha256": self.area.sha256}
        method = {**asdict(self.asked), "response": self.asked.response_name}
        if method["response"] != "projection":
            method["distance"] = self.asked.distance_name
        height, width = self.edits[0].pictures[measured.texts[0]].shape[:2]
        return Setting(
            editor=described.pop("name"),
            shell_name=self.shell_name,
            family=described.pop("family"),
            fingerprint=self.editor.fingerprint or "none: a callable, remembered only while it lives",
            image_name=self.picture.name,
            image_sha256=self.picture.sha256,
            image_size=self.picture.size,
            edit_size=(width, height),
            seed=self.seed,
            seeds=self.asked.seeds,
            method=method,
            versions=_versions(),
            details=described,
        )


def _all_fitted(masks: np.ndarray) -> Rows:
    return Rows(masks, np.ones(len(masks), dtype=bool), masks)


def _versions() -> dict[str, str]:
    used = [package for package in ("torch", "diffusers", "transformers") if package in sys.modules]
    versions = {package: _version(package) for package in ("smile-lens", "numpy", "scipy", "pillow", *used)}
    return {"python": platform.python_version(), **{name: found for name, found in versions.items() if found}}


@cache
def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
