"""Explanations as JSON and back, after `explanation.schema.json`.

The form is the data classes' own, with a version; pictures are base64 PNGs, or null when left out.
"""

from __future__ import annotations

import base64
import io
import json
from dataclasses import asdict
from importlib import resources
from typing import Any

import numpy as np
from PIL import Image
from PIL.Image import DecompressionBombError

from smile_core.errors import ExplanationError
from smile_core.explanation import Counts, ExplainedWord, Explanation, Pair, Row, Setting
from smile_core.quality import Fidelity

SCHEMA_VERSION = 2


def schema() -> dict[str, Any]:
    """The published JSON Schema."""
    text = resources.files("smile_core").joinpath("explanation.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def to_json(explanation: Explanation, *, pictures: bool) -> str:
    """See `Explanation.to_json`."""
    return json.dumps(to_data(explanation, pictures=pictures), ensure_ascii=False, allow_nan=False, indent=1)


def to_data(explanation: Explanation, *, pictures: bool) -> dict[str, Any]:
    """The JSON form as plain dicts and lists."""
    return {
        "schema": SCHEMA_VERSION,
        "prompt": explanation.prompt,
        "words": [asdict(word) for word in explanation.words],
        "intercept": explanation.intercept,
        "rows": [_row_data(row, pictures=pictures) for row in explanation.rows],
        "fidelity": asdict(explanation.fidelity),
        "effect": explanation.effect,
        "noise_floor": explanation.noise_floor,
        "effectless": explanation.effectless,
        "stop": explanation.stop,
        "setting": asdict(explanation.setting),
        "counts": asdict(explanation.counts),
        "seconds": explanation.seconds,
        "notes": list(explanation.notes),
        "pairs": [asdict(pair) for pair in explanation.pairs],
        "counterfactuals": _counterfactuals_data(explanation),
    }


def _counterfactuals_data(explanation: Explanation) -> dict[str, Any] | None:
    """Written for readers in other languages; reading an explanation back finds them anew in its rows."""
    found = explanation.counterfactuals()
    if found is None:
        return None
    row = explanation.rows[found.shortest]
    shortest = {"sub_prompt": row.sub_prompt, "response": row.response, "exhaustive": found.exhaustive}
    strongest = None if found.strongest is None else {"word": found.strongest, "without": found.without}
    return {"shortest": shortest, "can_go": list(found.can_go), "strongest": strongest}


def from_json(text: str) -> Explanation:
    """See `Explanation.from_json`."""
    try:
        data = json.loads(text)
        version = data["schema"]
        if version != SCHEMA_VERSION:
            raise ExplanationError(
                f"this explanation has schema {version!r}, this version reads {SCHEMA_VERSION}; "
                "read it with the version of smile-lens that wrote it"
            )
        return _from_data(data)
    except ExplanationError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError, DecompressionBombError) as error:
        raise ExplanationError(
            f"this is not a saved explanation ({type(error).__name__}: {error}); save it again as .json"
        ) from error


def _from_data(data: dict[str, Any]) -> Explanation:
    setting = dict(data["setting"])
    for size in ("image_size", "edit_size"):
        setting[size] = tuple(setting[size])
    return Explanation(
        prompt=data["prompt"],
        words=tuple(ExplainedWord(**word) for word in data["words"]),
        intercept=data["intercept"],
        rows=tuple(_row(row) for row in data["rows"]),
        fidelity=Fidelity(**data["fidelity"]),
        effect=data["effect"],
        noise_floor=data["noise_floor"],
        stop=data["stop"],
        setting=Setting(**setting),
        counts=Counts(**data["counts"]),
        seconds=data["seconds"],
        notes=tuple(data["notes"]),
        pairs=tuple(Pair(**pair) for pair in data["pairs"]),
    )


def _row_data(row: Row, *, pictures: bool) -> dict[str, Any]:
    data = {name: getattr(row, name) for name in Row.__dataclass_fields__}
    data["mask"] = list(row.mask)
    data["picture"] = None if row.picture is None or not pictures else encode_picture(row.picture)
    return data


def _row(data: dict[str, Any]) -> Row:
    picture = None if data["picture"] is None else _decode_picture(data["picture"])
    return Row(**{**data, "mask": tuple(data["mask"]), "picture": picture})


def encode_picture(picture: np.ndarray) -> str:
    """A picture uint8 (H, W, 3) as a base64 PNG, lossless."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _decode_picture(text: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"]) as image:
        return np.asarray(image.convert("RGB"))
