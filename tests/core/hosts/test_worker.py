"""The worker process over its pipes: answers, cancellation, and an end that follows its parent's."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smile_core.errors import ImageError
from smile_core.hosts.frames import encoded, read_frame
from smile_core.hosts.tasks import Task
from smile_core.hosts.worker import picture_of

STREET = Path(__file__).parents[3] / "examples" / "street.png"


class Pipe:
    """A worker and what it says."""

    def __init__(self, *how: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *(how or ("-m", "smile_core.hosts.worker")), "--private"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.numbers = 0

    def send(self, do: str, **given: Any) -> int:
        self.numbers += 1
        assert self.process.stdin is not None
        self.process.stdin.write(encoded({"id": self.numbers, "do": do, **given}))
        self.process.stdin.flush()
        return self.numbers

    def cancel(self, number: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(encoded({"id": number, "do": "cancel"}))
        self.process.stdin.flush()

    def hear(self) -> tuple[dict[str, Any], list[bytes]]:
        assert self.process.stdout is not None
        frame = read_frame(self.process.stdout)
        assert frame is not None, "the worker has gone"
        return frame

    def end_of(self, number: int, *, during: Any = None) -> tuple[dict[str, Any], list[bytes], list[dict[str, Any]]]:
        """The last message about a request, its blobs, and the messages on the way."""
        way: list[dict[str, Any]] = []
        while True:
            message, blobs = self.hear()
            if message.get("id") == number:
                if message["say"] in ("done", "failed", "cancelled", "forgotten"):
                    return message, blobs, way
                way.append(message)
                if during is not None:
                    during(message)


@pytest.fixture(scope="module")
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    _end(pipe)


def task(prompt: str, **fields: Any) -> dict[str, Any]:
    found = STREET.stat()
    return Task(prompt, str(STREET), (found.st_mtime_ns, found.st_size), "scenes-turbo", **fields).to_data()


def test_an_explanation_streams_and_its_pictures_are_there_afterwards(pipe: Pipe) -> None:
    asked = task("make the car red and remove the tree")
    message, _, way = pipe.end_of(pipe.send("explain", task=asked))
    views = [said["view"] for said in way if said["say"] == "view"]
    assert message["say"] == "done"
    assert len(views) >= 2
    assert {view["quality"]["stop"] for view in views} == {"running"}
    assert message["result"]["view"]["quality"]["stop"] in ("settled", "budget")
    assert any(said["say"] == "progress" and said["made"] > 0 for said in way)
    red = next(i for i, word in enumerate(message["result"]["view"]["words"]) if word["text"] == "red")
    card, blobs, _ = pipe.end_of(pipe.send("card", task=asked, word=red, theme="dark"))
    assert card["result"]["acts"].endswith("of the picture")
    assert blobs[0][8:12] == b"WEBP"
    report, blobs, _ = pipe.end_of(pipe.send("report", task=asked))
    assert "red" in report["result"]["html"]
    assert len(blobs) == 2


def test_a_cancelled_explanation_keeps_what_it_made(pipe: Pipe) -> None:
    asked = task("please turn the whole picture into a stormy winter night now", seed=4)
    number = pipe.send("explain", task=asked)

    def stop(message: dict[str, Any]) -> None:
        if message["say"] == "progress" and message["made"] >= 8:
            pipe.cancel(number)

    message, _, _ = pipe.end_of(number, during=stop)
    assert message["say"] == "cancelled"
    message, _, _ = pipe.end_of(pipe.send("explain", task=asked))
    assert message["result"]["view"]["quality"]["known"] >= 8


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        ({"image": "/nowhere/a.png"}, "image", "is not there"),
        ({"model": "no-such-model"}, "model", "no model 'no-such-model'"),
        ({"prompt": "..."}, "prompt", "holds no word"),
        ({"budget": 3}, "other", "too small"),
    ],
    ids=["image", "model", "prompt", "budget"],
)
def test_failures_have_a_kind_and_one_line(pipe: Pipe, fields: dict[str, Any], kind: str, says: str) -> None:
    asked = {**task("make the car red and the sky stormy please"), **fields}
    message, _, _ = pipe.end_of(pipe.send("explain", task=asked))
    assert (message["say"], message["kind"]) == ("failed", kind)
    assert says in message["text"]
    assert "\n" not in message["text"]


def test_what_was_never_explained_is_forgotten(pipe: Pipe) -> None:
    message, _, _ = pipe.end_of(pipe.send("card", task=task("make the tree pink"), word=0))
    assert message["say"] == "forgotten"


def test_the_worker_ends_with_its_input_even_at_work() -> None:
    pipe = Pipe()
    pipe.send("explain", task=task("please turn the whole picture into a stormy winter night now"))
    while pipe.hear()[0].get("say") != "progress":
        pass
    assert pipe.process.stdin is not None
    pipe.process.stdin.close()
    assert pipe.process.wait(10) == 0


def test_a_worker_dies_with_a_parent_that_was_killed() -> None:
    code = (
        "import subprocess, sys, time\n"
        "worker = subprocess.Popen([sys.executable, '-m', 'smile_core.hosts.worker', '--private'],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "worker.stdout.read(8)\n"
        "print(worker.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    for _ in range(400):
        try:
            if "Z" in Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0]:
                break
        except (FileNotFoundError, ProcessLookupError):
            break
        subprocess.run(["sleep", "0.02"], check=True)
    else:
        pytest.fail("the worker outlived its parent")


SHORT_OF_MEMORY = """
import torch
from smile_core.editors.diffusers_editor import DiffusersEditor
from smile_core.hosts.worker import main

whole = DiffusersEditor._edited

def edited(self, image, area, prompts, seed):
    if len(prompts) > MOST:
        torch.empty(1 << 58)  # What torch then says is its own.
    return whole(self, image, area, prompts, seed)

DiffusersEditor._edited = edited
main()
"""


def test_where_memory_runs_out_batches_are_halved_and_the_explanation_is_the_same(pipe: Pipe) -> None:
    asked = task("make the tree red and remove the house", seed=4)
    plain, _, _ = pipe.end_of(pipe.send("explain", task=asked))
    short = Pipe("-c", SHORT_OF_MEMORY.replace("MOST", "3"))
    for prompt in ("make the tree red and remove the house", "make the car green and the sky stormy"):
        message, _, way = short.end_of(short.send("explain", task=task(prompt, seed=4)))
        assert message["say"] == "done", message
        made = [said["made"] for said in way if said["say"] == "progress"]
        assert max(after - before for before, after in itertools.pairwise(made)) <= 3
        if prompt == asked["prompt"]:
            words = zip(message["result"]["view"]["words"], plain["result"]["view"]["words"], strict=True)
            assert all(a["influence"] == pytest.approx(b["influence"], abs=0.02) for a, b in words)
    _end(short)


def test_where_not_even_one_edit_fits_the_cause_is_said() -> None:
    short = Pipe("-c", SHORT_OF_MEMORY.replace("MOST", "0"))
    message, _, _ = short.end_of(short.send("explain", task=task("make the tree red")))
    assert (message["say"], message["kind"]) == ("failed", "memory")
    assert "scenes-turbo ran out of memory on a single edit" in message["text"]
    _end(short)


def _end(pipe: Pipe) -> None:
    assert pipe.process.stdin is not None
    pipe.process.stdin.close()
    assert pipe.process.wait(10) == 0


def test_a_picture_that_was_put_in_anothers_place_is_not_read(tmp_path: Path) -> None:
    named, other = tmp_path / "a.png", tmp_path / "b.png"
    for path in (named, other):
        shutil.copy(STREET, path)
    found = named.stat()
    task = Task("make it snowy", str(named), (found.st_mtime_ns, found.st_size), "scenes-turbo")
    assert picture_of(task).name == "a.png"
    named.unlink()
    named.symlink_to(other)
    with pytest.raises(ImageError, match="changed before it was read"):
        picture_of(task)
    named.unlink()
    with pytest.raises(ImageError, match="is not there"):
        picture_of(task)
