"""The explainer: the one place where editors, evidence and mathematics meet.

    from smile_core import explain
    explanation = explain("make the car red", "street.png")

Words are left out after a design, each sub-prompt is edited with the same noise, responses are
measured, and a linear surrogate is fitted. See docs/method.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from smile_core.area import Area, AreaLike, load_area
from smile_core.area_names import SEGMENT
from smile_core.editors.protocol import Editor, PaintsInArea
from smile_core.editors.registry import open_editor
from smile_core.errors import EditorError
from smile_core.evidence import AnyEvidence, Evidence
from smile_core.explaining import MaskEdit, Preview, ProgressCallback, Run
from smile_core.explanation import Explanation
from smile_core.features import feature_by_name
from smile_core.kernel import kernel_by_name
from smile_core.measuring import Means
from smile_core.method import Method
from smile_core.picture import Picture, load_picture
from smile_core.prompt import Prompt

ImageLike = str | Path | Image.Image | np.ndarray | Picture
EditorLike = str | Path | Editor | Callable[..., Any]


def explain(
    prompt: str,
    image: ImageLike,
    editor: EditorLike = "scenes-turbo",
    *,
    area: AreaLike | None = None,
    seed: int = 0,
    progress: ProgressCallback | None = None,
    method: Method | None = None,
    **fields: Any,
) -> Explanation:
    """Explain what each word of an instruction does to a picture.

    Args:
        prompt: the instruction.
        image: a path, a PIL image, or an array (H, W, 3).
        editor: a name (`smile models` lists them), a diffusers folder, a hub id, an Editor, or any
            callable (image, prompts, seed) -> images.
        area: where an inpainting model may paint: a box (10, 20, 200, 180) in pixels, or as text, also in
            shares of the picture; a mask, bright where it may paint, as a file, a PIL image or an array;
            or "segment:FOLDER#label" with a segmentation model of transformers.
        seed: fixes the editor's noise.
        progress: called with a Progress before each batch of edits and after the last.
        method: a whole Method; else the default one.
        **fields: single fields of the Method.

    Raises:
        PromptError, ImageError, EditorError, MethodError: see `errors.py`; each says what to do.
    """
    explainer = Explainer(editor, method=method, **fields)
    return explainer.explain(prompt, image, area=area, seed=seed, progress=progress)


class Explainer:
    """Keeps an editor, its evidence and a method between prompts, so that no edit is made twice."""

    def __init__(
        self,
        editor: EditorLike = "scenes-turbo",
        *,
        evidence: AnyEvidence | None = None,
        method: Method | None = None,
        shell_name: str | None = None,
        **fields: Any,
    ) -> None:
        """Args as in `explain`; `evidence` may be shared between explainers, `shell_name` is what `--model`
        calls an editor that is given open."""
        self.method = (method or Method()).changed(**fields)
        self.feature = feature_by_name(self.method.feature)
        self.kernel = kernel_by_name(self.method.kernel)
        self.editor = open_editor(editor)
        named = isinstance(editor, (str, Path))
        self.shell_name = shell_name or (str(editor) if named else getattr(self.editor, "shell_name", None))
        # Edits of an editor that nothing can tell from another are remembered here and nowhere else.
        kept = evidence is not None and self.editor.fingerprint is not None
        self.evidence: AnyEvidence = evidence if evidence is not None and kept else Evidence()
        self.identity = self.editor.fingerprint or f"unnamed-{uuid.uuid4().hex}"

    @property
    def paints_in_area(self) -> bool:
        """Whether the editor paints inside an area, and needs one; others take none."""
        return isinstance(self.editor, PaintsInArea)

    def explain(
        self,
        prompt: str,
        image: ImageLike,
        *,
        area: AreaLike | None = None,
        seed: int = 0,
        progress: ProgressCallback | None = None,
    ) -> Explanation:
        """Explain one prompt on one picture; args as in the function `explain`."""
        *_, last = self._run(prompt, image, area, seed, progress).stream(between=False)
        return last

    def stream(
        self,
        prompt: str,
        image: ImageLike,
        *,
        area: AreaLike | None = None,
        seed: int = 0,
        progress: ProgressCallback | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[Explanation]:
        """Explain one prompt in better and better explanations; the last one is what `explain` gives.

        All but the last have `stop` "running". Every finished edit is in the evidence at once, so a stream
        that was left or cancelled goes on where it stopped when it is asked again.

        Args:
            prompt, image, area, seed, progress: as in the function `explain`.
            cancelled: asked before each batch of edits, and between the steps of editors that can stop there.

        Raises:
            Cancelled: `cancelled` said yes.
            PromptError, ImageError, EditorError, MethodError: as in `explain`.
        """
        return self._run(prompt, image, area, seed, progress, cancelled).stream()

    def responses(
        self, prompt: str, image: ImageLike, masks: np.ndarray, *, area: AreaLike | None = None, seed: int = 0
    ) -> tuple[np.ndarray, int]:
        """Make the edits of chosen sub-prompts and measure their responses.

        Args:
            prompt: the instruction, n words.
            image: the picture.
            masks: (m, n) of 0 and 1.
            area: as in the function `explain`.
            seed: of the editor's noise.

        Returns:
            Responses (m,), NaN where the edit failed, and how many edits had to be made.

        Raises:
            as `explain`; MethodError also where masks have another number of words.
        """
        return self._run(prompt, image, area, seed).responses(masks)

    def preview(self, prompt: str, image: ImageLike, *, area: AreaLike | None = None, seed: int = 0) -> Preview:
        """Only the edit that the whole prompt makes; args as in the function `explain`."""
        return self._run(prompt, image, area, seed).preview()

    def _run(
        self,
        prompt: str,
        image: ImageLike,
        area: AreaLike | None,
        seed: int,
        progress: ProgressCallback | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Run:
        picture = load_picture(image)
        return Run(self._means(), Prompt(prompt), picture, self._area(area, picture), seed, progress, cancelled)

    def _means(self) -> Means:
        return Means(self.editor, self.identity, self.evidence, self.method, self.feature, self.kernel, self.shell_name)

    def _area(self, area: AreaLike | None, picture: Picture) -> Area | None:
        name = self.editor.describe().get("name", "the editor")
        if not isinstance(self.editor, PaintsInArea):
            if area is not None:
                raise EditorError(f"{name} edits the whole picture; leave out the area, or use an inpainting model")
            return None
        if area is None:
            raise EditorError(f"{name} paints inside an area; give one: a box such as 10,20,200,180, or a mask's file")
        if isinstance(area, str) and area.startswith(SEGMENT):
            from smile_core.editors.segmentation import segment

            return segment(area, picture)
        return load_area(area, picture)

    def edit(
        self,
        prompt: str,
        image: ImageLike,
        mask: Sequence[int] | None = None,
        *,
        area: AreaLike | None = None,
        seed: int = 0,
        make: bool = True,
        cancelled: Callable[[], bool] | None = None,
    ) -> MaskEdit:
        """The edit of one sub-prompt, from evidence where it is known.

        Args:
            prompt, image, area, seed: as in the function `explain`.
            mask: one 0/1 a word; None keeps all.
            make: whether to make the edit where it is not known.
            cancelled: asked before it is made.

        Raises:
            as `explain`; MethodError also where the mask has another number of words.
        """
        return self._run(prompt, image, area, seed, cancelled=cancelled).edit(mask, make=make)
