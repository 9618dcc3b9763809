"""What all editors from diffusers folders are: a pipeline loaded once, called in batches with paired noise.

A family adds how its pipeline is called and at which size. The pipeline itself is diffusers' own, so an
edit is what diffusers gives (test_exact.py); what its rows share is in `shared_work.py`.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

from smile_core.editors.diffusers_folder import (
    characters_read,
    device_in_use,
    folder_fingerprint,
    load_quietly,
    unit_to_uint8,
    working_size,
)
from smile_core.editors.draft_settings import checked, draft_label
from smile_core.editors.known_pictures import remarks_on
from smile_core.editors.paired_noise import PairedNoise
from smile_core.editors.pictures_out import at_source_size, resized
from smile_core.editors.shared_work import SharedWork
from smile_core.editors.shortcuts import Branches, Shortcuts
from smile_core.errors import EditorError

PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
BATCH_ON_GPU = 64
BATCH_ON_CPU = 16


class DiffusersEditor:
    """An editor of a diffusers folder.

    Attributes:
        fingerprint: see `Editor`.
        shell_name: what `--model` calls it.
        batch: how many prompts a call should hold: few on a CPU, so that answers come early; on a GPU as
            many as a base design has, cut into pieces where memory is short.
    """

    family: str
    defaults: Mapping[str, float]
    """Settings that the family knows, with the values that its authors use."""
    half: ClassVar[torch.dtype] = torch.float16
    """The precision on a GPU."""
    shell_name: str | None = None
    one_at_a_time: ClassVar[bool] = False
    """The pipeline takes one prompt a call."""
    branches: ClassVar[Branches | None] = None
    """Of its guidance; the family then knows the draft setting `guided`."""
    deep: ClassVar[bool] = False
    """Its denoiser has deep features that steps may share; the family then knows the draft setting `reuse`."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        pipeline: str,
        precision: str | None = None,
        device: str | None = None,
        compile_with: str | None = None,
        most_rows: int | None = None,
        **settings: float,
    ) -> None:
        """What is not given is taken from the folder's `editing.json`, else from the family's defaults.

        Args:
            folder: a diffusers folder, already checked.
            name: what people call it.
            pipeline: the class in diffusers.
            precision: a name in `PRECISIONS`; else half precision on a GPU, whole on a CPU.
            device: as torch names it, such as "cuda:1"; else the accelerator, where there is one.
            compile_with: a backend of `torch.compile` for the denoiser, or "no"; else "inductor" on a GPU, none
                on a CPU. It is compiled behind the scenes and used where it gives the same faster.
            most_rows: that a network computes at once, a few a prompt with guidance; fewer need less memory.
            **settings: of the family, such as steps=30; also `side`, the pixels of the square that the model
                was trained on, where it is not known from the weights; of drafts `guided`, the share of the
                steps with guidance (over 0 to 1), and `reuse`, the number of steps that share their deep
                features (1 or more), where the family has them.

        Raises:
            EditorError: a setting or precision is unknown or impossible, or `most_rows` is under 1.
        """
        defaults = self._usual(folder)
        whole = {**({} if self.branches is None else {"guided": 1.0}), **({"reuse": 1.0} if self.deep else {})}
        known = {**defaults, **whole, "side": 0}
        for setting in settings:
            if setting not in known:
                raise EditorError(f"{name} has no setting {setting!r}; it knows {', '.join(known)}")
        if precision is not None and precision not in PRECISIONS:
            raise EditorError(f"precision {precision!r} is unknown; use one of: {', '.join(PRECISIONS)}")
        if most_rows is not None and most_rows < 1:
            raise EditorError(f"{name} cannot compute {most_rows} rows at once; take 1 or more")
        self._folder, self._name, self._class = folder, name, pipeline
        advised = _advised(folder, {**defaults, "side": 0})
        self._settings = checked({"side": 0, **defaults, **advised, **settings}, name)
        self._usual_steps = {**defaults, **advised}.get("steps")
        self._device = torch.device(device) if device is not None else device_in_use()
        compiler = compile_with or ("inductor" if self._device.type == "cuda" else "no")
        self._compile_with = None if compiler == "no" else compiler
        self._most_rows = most_rows
        usual = self.half if self._device.type == "cuda" else torch.float32
        self._dtype = usual if precision is None else PRECISIONS[precision]
        self._asked_to_stop: Callable[[], bool] = lambda: False
        self.batch = 1 if self.one_at_a_time else BATCH_ON_GPU if self._device.type == "cuda" else BATCH_ON_CPU
        fixed = {**self._settings, "precision": str(self._dtype)}
        self.fingerprint: str | None = folder_fingerprint(folder, fixed, self._device)

    def _shortcuts(self, pipeline: Any) -> Shortcuts | None:
        guided, reuse = self._settings.get("guided", 1.0), int(self._settings.get("reuse", 1))
        if guided == reuse == 1:
            return None
        return Shortcuts(pipeline.scheduler, branches=self.branches, guided=guided, reuse=reuse)

    def _usual(self, folder: Path) -> Mapping[str, float]:
        """The settings for this folder's kind of model."""
        return self.defaults

    @cached_property
    def _pipeline(self) -> Any:
        def load() -> Any:
            pipeline = self._pipeline_class().from_pretrained(
                self._folder, dtype=self._dtype, local_files_only=True, use_safetensors=True
            )
            pipeline.set_progress_bar_config(disable=True)
            return pipeline.to(self._device)

        pipeline = load_quietly(load, self._folder)
        for part in (getattr(pipeline, "unet", None), getattr(pipeline, "vae", None)):
            # Autoencoders of films have weights of five dimensions, for which there is no such order.
            if part is not None and all(weight.ndim <= 4 for weight in part.parameters()):
                part.to(memory_format=torch.channels_last)
        self._work = SharedWork(
            pipeline,
            asked_to_stop=self._stop_asked,
            compile_with=self._compile_with,
            most_rows=self._most_rows,
            shortcuts=self._shortcuts(pipeline),
        )
        return pipeline

    def _pipeline_class(self) -> Any:
        import diffusers

        return getattr(diffusers, self._class)

    @property
    def loaded(self) -> bool:
        """Whether its weights are in memory."""
        return "_pipeline" in self.__dict__

    def stop_when(self, asked: Callable[[], bool]) -> None:
        """See `StopsBetweenSteps`."""
        self._asked_to_stop = asked

    def _stop_asked(self) -> bool:
        return self._asked_to_stop()

    def describe(self) -> dict[str, str]:
        """Name, family, and what fixes an edit."""
        label = draft_label(self._settings, self._usual_steps)
        draft = {"draft": label} if label else {}
        shown = {k.replace("_", " "): f"{v:g}" for k, v in self._settings.items() if k != "side"}
        precision = str(self._dtype).removeprefix("torch.")
        return {
            "name": self._name,
            "family": self.family,
            **draft,
            **shown,
            "precision": precision,
            "noise": "the same for every sub-prompt",
        }

    def characters_read(self, prompt: str) -> int:
        """See `ReadsPartly`."""
        tokenizer = getattr(self._pipeline, "tokenizer", None)
        return len(prompt) if tokenizer is None else characters_read(tokenizer, prompt)

    def remarks(self, image: np.ndarray, words: Sequence[str]) -> tuple[str, ...]:
        """See `KnowsItsLimits`."""
        draft = self.describe().get("draft")
        remarks = remarks_on(image, words, getattr(self._pipeline, "tokenizer", None), self._folder)
        return remarks if draft is None else (f"this is a draft: {draft}", *remarks)

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """See `Editor.edit`. A picture that the model's safety checker blanks is None."""
        return self._edited(image, None, prompts, seed)

    def _edited(
        self, image: np.ndarray, area: np.ndarray | None, prompts: Sequence[str], seed: int
    ) -> list[np.ndarray | None]:
        _ = self._pipeline
        size = self._size(image.shape[1], image.shape[0])
        picture = resized(image, size)
        mask = None if area is None else Image.fromarray(area.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX)
        at_once = 1 if self.one_at_a_time else max(1, len(prompts))
        pictures: list[np.ndarray | None] = []
        for first in range(0, len(prompts), at_once):
            pictures += self._batch(picture, mask, list(prompts[first : first + at_once]), seed)
        return at_source_size(pictures, image)

    def _batch(
        self, picture: Image.Image, mask: Image.Image | None, prompts: list[str], seed: int
    ) -> list[np.ndarray | None]:
        arguments = self._call(picture, mask, prompts)
        with _quiet(), torch.no_grad(), PairedNoise(len(prompts), seed=seed) as noise:
            self._work.begin(noise)
            # Drawn on the CPU, so that noise is the same on every device.
            generator = torch.Generator("cpu").manual_seed(seed)
            given = self._pipeline(**arguments, generator=generator, output_type="pt")
        blanked = getattr(given, "nsfw_content_detected", None) or [False] * len(prompts)
        pictures = unit_to_uint8(given.images, self._name)
        return [None if blank else one for one, blank in zip(pictures, blanked, strict=True)]

    def _call(self, picture: Image.Image, mask: Image.Image | None, prompts: list[str]) -> dict[str, Any]:
        """The pipeline's arguments for N prompts, besides generator and form of output."""
        raise NotImplementedError

    def _size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the pipeline's picture."""
        native = int(self._settings["side"]) or self._native()
        return working_size(width, height, native=native, multiple=self._multiple())

    def _native(self) -> int:
        pipeline = self._pipeline
        return int(pipeline.unet.config.sample_size) * int(pipeline.vae_scale_factor)

    def _multiple(self) -> int:
        pipeline = self._pipeline
        return int(pipeline.vae_scale_factor * 2 ** (len(pipeline.unet.config.block_out_channels) - 1))


def _advised(folder: Path, known: Mapping[str, float]) -> dict[str, float]:
    """What a model's folder says of its own use, in `editing.json`."""
    file = folder / "editing.json"
    if not file.is_file():
        return {}
    try:
        advised = json.loads(file.read_text(encoding="utf-8"))
        return {name: float(advised[name]) for name in known if name in advised}
    except (ValueError, TypeError) as error:
        raise EditorError(f"{file} cannot be read ({error}); it holds numbers by name, such as steps") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without diffusers' advice on how to call it, such as on one picture for several prompts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
