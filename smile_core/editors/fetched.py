"""Models fetched from a hub: only when asked by name, safetensors only, one pinned revision, hashes kept.

`smile models pull owner/name` fetches; opening a model never does. What was fetched lies in the hub
library's own cache; beside the evidence a record says which revision, how large and with which hashes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_dir

from smile_core.editors.registry import HUB_ID, check_folder
from smile_core.errors import EditorError
from smile_core.whole_file import write_whole

_WANTED = (".json", ".txt", ".model", ".jinja", ".safetensors")
_NEEDLESS = (".fp16.", ".bf16.", "non_ema", "flax", "onnx", "openvino")


@dataclass(frozen=True)
class Fetched:
    """A model that lies on this machine. `files` gives size in bytes and SHA-256 by path in the folder."""

    name: str
    revision: str
    folder: Path
    licence: str
    files: dict[str, tuple[int, str]]

    @property
    def megabytes(self) -> float:
        """Size of its files in MB."""
        return sum(size for size, _ in self.files.values()) / 1e6

    @property
    def sha256(self) -> str:
        """One hash over all files' names and hashes."""
        lines = "".join(f"{digest}  {path}\n" for path, (_, digest) in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


def fetched(name: str, *, records: Path | None = None) -> Fetched:
    """A model that was fetched before; nothing is asked of any network.

    Args:
        name: owner/name.
        records: where records lie; the user's cache directory when None.

    Raises:
        EditorError: it was not fetched, or its files are not what they were.
    """
    model = next((model for model in all_fetched(records=records) if model.name == name), None)
    if model is None:
        raise EditorError(f"{name} is not on this machine; fetch it once with: smile models pull {name}")
    for path, (size, _) in model.files.items():
        file = model.folder / path
        if not file.is_file() or file.stat().st_size != size:
            raise EditorError(f"{name}: {path} is missing or changed; fetch it again with: smile models pull {name}")
    return model


def all_fetched(*, records: Path | None = None) -> tuple[Fetched, ...]:
    """Every model with a readable record, by name."""
    models = []
    for file in sorted((records or _records()).glob("*.json")):
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            files = {str(path): (int(size), str(digest)) for path, (size, digest) in data["files"].items()}
            models.append(Fetched(data["name"], data["revision"], Path(data["folder"]), str(data["licence"]), files))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return tuple(models)


def pull(name: str, *, revision: str = "main", endpoint: str | None = None, records: Path | None = None) -> Fetched:
    """Fetch a model, pin its revision and record its hashes.

    Args:
        name: owner/name.
        revision: a branch, tag or commit; what it points to now is pinned.
        endpoint: a hub's address; the usual one when None.
        records: as in `fetched`.

    Raises:
        EditorError: the name is none, the hub does not answer, or the model is not safetensors only.
    """
    if not HUB_ID.fullmatch(name) or name.startswith("."):
        raise EditorError(f"{name!r} is no hub id; give owner/name")
    try:
        from huggingface_hub import HfApi, snapshot_download

        info = HfApi(endpoint=endpoint).model_info(name, revision=revision)
        commit = str(info.sha)
        wanted = _wanted(name, [one.rfilename for one in info.siblings or []])
        folder = Path(snapshot_download(name, revision=commit, allow_patterns=wanted, endpoint=endpoint))
    except EditorError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        raise EditorError(f"cannot fetch {name} ({reason}); check the name and the network") from error
    check_folder(folder)
    files = {path: (_size(folder / path), _sha256(folder / path)) for path in wanted}
    licence = str(getattr(info.card_data, "license", None) or "not stated")
    model = Fetched(name, commit, folder, licence, files)
    record: dict[str, Any] = {**asdict(model), "folder": str(folder)}
    place = records or _records()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(place / f"{name.replace('/', '--')}.json", json.dumps(record, indent=1).encode())
    return model


def _wanted(name: str, files: list[str]) -> list[str]:
    """The files of a diffusers model: configurations and safetensors; no code, no pickles, no second copies."""
    if "model_index.json" not in files:
        raise EditorError(f"{name} is no diffusers model: it has no model_index.json")
    parts = [file for file in files if file.count("/") == 1 and file.endswith(_WANTED)]
    wanted = [file for file in parts if not any(needless in file for needless in _NEEDLESS)]
    if not any(file.endswith(".safetensors") for file in wanted):
        raise EditorError(f"{name} has no safetensors; pickled weights can run code and are not fetched")
    return ["model_index.json", *(["editing.json"] if "editing.json" in files else []), *wanted]


def _records() -> Path:
    return Path(user_cache_dir("smile-lens", appauthor=False)) / "models"


def _size(file: Path) -> int:
    return file.stat().st_size


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
