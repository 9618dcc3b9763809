"""What a module may import. CONTRIBUTING.md states these rules; here they break when they are broken."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import smile_core

PACKAGE = Path(smile_core.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

ORDER = [
    "errors", "whole_file", "prompt", "sub_prompts", "known_texts", "documents", "design", "phrases", "picture",
    "area_names", "area",
    "features", "distance", "response", "saliency", "kernel", "surrogate", "ridge", "published",
    "terms", "covariance", "relevance", "sketches", "posterior",
    "next_rows", "plan", "estimate", "stopping", "quality", "faithfulness", "method", "measure", "evidence", "lossless",
    "evidence_rows", "evidence_place", "evidence_connection", "evidence_store", "evidence_upkeep",
    "editors", "scenes", "editing", "counterfactual", "explanation", "explanation_json", "assemble", "measuring",
    "explaining", "explainer", "evaluate", "compare", "report", "hosts",
    "cli",
]  # fmt: skip
MAY_LOOK_AHEAD = {
    # Explanation.save and to_json are the data's own doors to the surfaces, opened inside functions.
    ("explanation", "explanation_json"),
    ("explanation", "report"),
}


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names if node.module == "smile_core")
    return names


def _part(module: str) -> str:
    return module.removeprefix("smile_core.").split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_stands_before_it(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in ORDER, f"{own} needs a place in the order"
    for name in _imports(path):
        if not name.startswith("smile_core.") or _part(name) == own or _part(name) not in ORDER:
            continue
        assert ORDER.index(_part(name)) < ORDER.index(own) or (own, _part(name)) in MAY_LOOK_AHEAD, (
            f"{path.relative_to(PACKAGE)} imports {name}"
        )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_core_knows_no_server(path: Path) -> None:
    assert not {name.split(".")[0] for name in _imports(path)} & {"smile_server", "pygls", "lsprotocol", "websockets"}


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import smile_core, smile_core.cli, sys; print([m for m in ('torch', 'diffusers') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[]"
