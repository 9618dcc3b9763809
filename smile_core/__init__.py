"""SMILE Lens: what every word of an image-editing instruction does.

    import smile_core
    explanation = smile_core.explain("make the car red", "street.png")
    explanation.save("report.html")

Importing this package does not import torch; opening a model does.
"""

from smile_core.editors.protocol import Editor
from smile_core.errors import EditorError, ExplanationError, ImageError, MethodError, PromptError, SmileError
from smile_core.evidence import Evidence
from smile_core.evidence_store import EvidenceStore
from smile_core.explainer import Explainer, explain
from smile_core.explanation import ExplainedWord, Explanation
from smile_core.method import Method
from smile_core.prompt import Prompt

__version__ = "0.1.0"

__all__ = [
    "Editor",
    "EditorError",
    "Evidence",
    "EvidenceStore",
    "ExplainedWord",
    "Explainer",
    "Explanation",
    "ExplanationError",
    "ImageError",
    "Method",
    "MethodError",
    "Prompt",
    "PromptError",
    "SmileError",
    "explain",
]
