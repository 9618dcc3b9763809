"""SMILE Lens: what every word of an image-editing instruction does.

    import smile_core
    explanation = smile_core.explain("make the car red", "street.png")
    explanation.save("report.html")

Importing this package imports neither torch nor numpy: names are found when they are first used, so that
the daemon can read prompts and documents without the method.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smile_core.editors.protocol import Editor as Editor
    from smile_core.errors import EditorError as EditorError
    from smile_core.errors import ExplanationError as ExplanationError
    from smile_core.errors import ImageError as ImageError
    from smile_core.errors import MethodError as MethodError
    from smile_core.errors import PromptError as PromptError
    from smile_core.errors import SmileError as SmileError
    from smile_core.evidence import Evidence as Evidence
    from smile_core.evidence_store import EvidenceStore as EvidenceStore
    from smile_core.explainer import Explainer as Explainer
    from smile_core.explainer import explain as explain
    from smile_core.explanation import ExplainedWord as ExplainedWord
    from smile_core.explanation import Explanation as Explanation
    from smile_core.method import Method as Method
    from smile_core.prompt import Prompt as Prompt

__version__ = "0.1.0"

_HOMES = {
    "Editor": "editors.protocol",
    "EditorError": "errors",
    "Evidence": "evidence",
    "EvidenceStore": "evidence_store",
    "ExplainedWord": "explanation",
    "Explainer": "explainer",
    "Explanation": "explanation",
    "ExplanationError": "errors",
    "ImageError": "errors",
    "Method": "method",
    "MethodError": "errors",
    "Prompt": "prompt",
    "PromptError": "errors",
    "SmileError": "errors",
    "explain": "explainer",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'smile_core' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"smile_core.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
