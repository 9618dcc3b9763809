"""A copy of a model in a process of its own, behind the editor protocol: one for each device.

    python -m smile_core.hosts.device_worker

Requests come on standard input and answers leave on standard output (`frames.py`), one at a time; a request to stop
may come in between. When standard input ends, so does the process.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np

from smile_core.errors import Cancelled, EditorError
from smile_core.hosts.frames import encoded, read_frame

_ASK_EVERY = 0.05
"""Seconds between two questions whether to stop."""


class DeviceWorker:
    """An editor whose model lives in another process.

    Attributes:
        fingerprint, shell_name, batch: the model's own.
        paints_in_area: whether it is an inpainting model.
    """

    def __init__(self, model: str, *, device: str, **settings: Any) -> None:
        """
        Args:
            model: as in `open_editor`.
            device: as torch names it.
            **settings: as in `open_editor`.

        Raises:
            EditorError: as `open_editor`, or the process does not start.
        """
        self._device = device
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "smile_core.hosts.device_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "TOKENIZERS_PARALLELISM": "false"},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in = self._process.stdin
        self._answers: queue.Queue[tuple[dict[str, Any], list[bytes]] | None] = queue.Queue()
        threading.Thread(target=_read_all, args=(self._process.stdout, self._answers), daemon=True).start()
        weakref.finalize(self, _end, self._process)
        self._asked_to_stop: Callable[[], bool] = lambda: False
        self._lock = threading.Lock()
        opened, _ = self._ask({"do": "open", "model": model, "settings": {**settings, "device": device}})
        self.fingerprint: str | None = opened["fingerprint"]
        self.shell_name: str | None = opened["shell_name"]
        self.batch, self.paints_in_area = int(opened["batch"]), bool(opened["paints_in_area"])
        self._description: dict[str, str] = opened["description"]

    def describe(self) -> dict[str, str]:
        """The model's own description."""
        return dict(self._description)

    def characters_read(self, prompt: str) -> int:
        """See `ReadsPartly`."""
        return int(self._ask({"do": "characters_read", "prompt": prompt})[0]["characters"])

    def remarks(self, image: np.ndarray, words: Sequence[str]) -> tuple[str, ...]:
        """See `KnowsItsLimits`."""
        given = {"do": "remarks", "words": list(words), "shape": image.shape[:2]}
        return tuple(self._ask(given, [image.tobytes()])[0]["remarks"])

    def weights_bytes(self) -> int:
        """How much memory its weights take; loads them."""
        return int(self._ask({"do": "weights_bytes"})[0]["bytes"])

    def stop_when(self, asked: Callable[[], bool]) -> None:
        """See `StopsBetweenSteps`."""
        self._asked_to_stop = asked

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """See `Editor.edit`."""
        return self._edit(image, prompts, seed, None)

    def edit_area(
        self, image: np.ndarray, area: np.ndarray, prompts: Sequence[str], *, seed: int
    ) -> list[np.ndarray | None]:
        """See `PaintsInArea.edit_area`."""
        return self._edit(image, prompts, seed, area)

    def _edit(
        self, image: np.ndarray, prompts: Sequence[str], seed: int, area: np.ndarray | None
    ) -> list[np.ndarray | None]:
        if self._asked_to_stop():
            raise Cancelled("stopped on request")
        given = {"do": "edit", "prompts": list(prompts), "seed": seed, "shape": image.shape[:2]}
        blobs = [image.tobytes(), *([] if area is None else [np.packbits(area).tobytes()])]
        answer, pictures = self._ask(given, blobs)
        made = iter(pictures)
        return [
            None if shape is None else np.frombuffer(next(made), np.uint8).reshape(shape) for shape in answer["shapes"]
        ]

    def _ask(self, given: dict[str, Any], blobs: Sequence[bytes] = ()) -> tuple[dict[str, Any], list[bytes]]:
        """One request and its answer; while it is worked on, asks whether to stop."""
        with self._lock:
            self._send(given, blobs)
            told = False
            while True:
                try:
                    answer = self._answers.get(timeout=_ASK_EVERY)
                except queue.Empty:
                    if not told and self._asked_to_stop():
                        self._send({"do": "stop"})
                        told = True
                    continue
                if answer is None:
                    raise EditorError(f"the process for {self._device} has ended; try again, or use fewer devices")
                kind = answer[0].get("failed")
                if kind is not None:
                    raise (Cancelled if kind == "cancelled" else EditorError)(answer[0]["text"])
                return answer

    def _send(self, given: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
        try:
            self._in.write(encoded(given, blobs))
            self._in.flush()
        except OSError as error:
            raise EditorError(f"the process for {self._device} has ended; try again, or use fewer devices") from error


def _read_all(stream: BinaryIO, answers: queue.Queue[tuple[dict[str, Any], list[bytes]] | None]) -> None:
    try:
        while (frame := read_frame(stream)) is not None:
            answers.put(frame)
    finally:
        answers.put(None)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Its input ends, and so does it."""
    if process.stdin is not None:
        process.stdin.close()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


class _Copy:
    """The model in the process."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._editor: Any = None

    def answer(self, given: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """What a request is answered with."""
        answer: tuple[dict[str, Any], list[bytes]] = getattr(self, f"_do_{given['do']}")(given, blobs)
        return answer

    def _do_open(self, given: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.editors.protocol import ChoosesBatch, PaintsInArea, StopsBetweenSteps
        from smile_core.editors.registry import open_editor

        editor = self._editor = open_editor(given["model"], **given["settings"])
        if isinstance(editor, StopsBetweenSteps):
            editor.stop_when(self.stop.is_set)
        return {
            "fingerprint": editor.fingerprint,
            "description": editor.describe(),
            "shell_name": getattr(editor, "shell_name", None),
            "batch": editor.batch if isinstance(editor, ChoosesBatch) else 8,
            "paints_in_area": isinstance(editor, PaintsInArea),
        }, []

    def _do_characters_read(self, given: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.editors.protocol import ReadsPartly

        prompt = given["prompt"]
        reads = isinstance(self._editor, ReadsPartly)
        return {"characters": self._editor.characters_read(prompt) if reads else len(prompt)}, []

    def _do_remarks(self, given: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.editors.protocol import KnowsItsLimits

        image = np.frombuffer(blobs[0], np.uint8).reshape(*given["shape"], 3)
        knows = isinstance(self._editor, KnowsItsLimits)
        return {"remarks": list(self._editor.remarks(image, given["words"])) if knows else []}, []

    def _do_weights_bytes(self, given: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        from smile_core.hosts.warm_models import weights_bytes

        return {"bytes": weights_bytes(self._editor)}, []

    def _do_edit(self, given: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        height, width = given["shape"]
        image = np.frombuffer(blobs[0], np.uint8).reshape(height, width, 3)
        if len(blobs) > 1:
            bits = np.unpackbits(np.frombuffer(blobs[1], np.uint8), count=height * width)
            area = bits.reshape(height, width).astype(bool)
            made = self._editor.edit_area(image, area, given["prompts"], seed=given["seed"])
        else:
            made = self._editor.edit(image, given["prompts"], seed=given["seed"])
        pictures = [None if one is None else np.asarray(one) for one in made]
        shapes = [None if one is None else one.shape for one in pictures]
        return {"shapes": shapes}, [one.tobytes() for one in pictures if one is not None]


def _serve(copy: _Copy, requests: queue.Queue[tuple[dict[str, Any], list[bytes]]], out: BinaryIO) -> None:
    while True:
        given, blobs = requests.get()
        copy.stop.clear()
        try:
            frame = encoded(*copy.answer(given, blobs))
        except Cancelled as error:
            frame = encoded({"failed": "cancelled", "text": str(error)})
        except EditorError as error:
            frame = encoded({"failed": "editor", "text": str(error)})
        except Exception as error:
            what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            frame = encoded({"failed": "other", "text": f"the model failed ({what})"})
        out.write(frame)
        out.flush()


def main() -> None:
    """The process's entry point."""
    # Libraries may print; nothing but frames may reach the parent.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    stream = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    copy, requests = _Copy(), queue.Queue[tuple[dict[str, Any], list[bytes]]]()

    def read() -> None:
        try:
            while (frame := read_frame(stream)) is not None:
                if frame[0]["do"] == "stop":
                    copy.stop.set()
                else:
                    requests.put(frame)
        finally:
            os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    _serve(copy, requests, out)


if __name__ == "__main__":
    main()
