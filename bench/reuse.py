"""What a changed prompt costs, counted in editor calls; placebo edits, made once a setting, are left out.

After a full explanation the prompt is changed and explained by the same explainer; a cold start explains the
changed prompt from nothing. Both go on until every interval is as narrow as it was before the change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from smile_core import Explainer
from smile_core.explanation import Explanation
from smile_core.measuring import PLACEBOS
from smile_core.scenes.draw import draw
from smile_core.scenes.oracle import OracleEditor
from smile_core.scenes.scene import Scene, Thing

SCENE = Scene(
    things=(Thing("house", "yellow", 0.26), Thing("tree", "green", 0.74), Thing("car", "blue", 0.62)), backdrop=5
)
PROMPTS = {
    6: "please make the car red now",
    7: "make the car red and add snow",
    12: "please make the car red and remove the green tree right now",
    13: "could you please make the car red and remove the tree from here now",
}
REPLACEMENTS = {"red": "white", "car": "house", "please": "kindly", "now": "today", "add": "put", "the": "this"}
INSERTED = "really"
TYPED = PROMPTS[12]


class Counting(OracleEditor):
    """The oracle, counting its edits."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.calls = 0

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> np.ndarray:
        """See `Editor`."""
        self.calls += sum(prompt not in PLACEBOS for prompt in prompts)
        return super().edit(image, prompts, seed=seed)


def widest(explanation: Explanation) -> float:
    return max((word.high - word.low) / 2 for word in explanation.words)


def calls(explainer: Explainer, prompt: str, until: Callable[[Explanation], bool], *, seed: int = 0) -> int:
    """New calls for a prompt until some explanation is good enough, or all that it takes."""
    editor = explainer.editor
    assert isinstance(editor, Counting)
    before = editor.calls
    for explanation in explainer.stream(prompt, draw(SCENE), seed=seed):
        if until(explanation):
            break
    return editor.calls - before


def costs(old: str, new: str) -> tuple[int, int, int]:
    """Calls for a first answer after the change, for the old half-width, and for that from nothing."""
    editor = Counting(SCENE)
    explainer = Explainer(editor)
    goal = max(widest(explainer.explain(old, draw(SCENE))), explainer.method.half_width)
    first = calls(explainer, new, lambda explanation: True)
    rest = calls(explainer, new, lambda explanation: widest(explanation) <= goal + 1e-9)
    cold = calls(Explainer(Counting(SCENE)), new, lambda explanation: widest(explanation) <= goal + 1e-9)
    return first, first + rest, cold


def changed(words: list[str], kind: str) -> list[str]:
    """The prompts that a kind of change makes of one, at several places."""
    places = range(0, len(words), 2)
    if kind == "deleted":
        made = [[*words[:i], *words[i + 1 :]] for i in places]
    elif kind == "inserted":
        made = [[*words[:i], INSERTED, *words[i:]] for i in places]
    elif kind == "moved":
        made = [[*words[1:], words[0]], [words[-1], *words[:-1]]]
    else:
        made = [[*words[:i], REPLACEMENTS[w], *words[i + 1 :]] for i, w in enumerate(words) if w in REPLACEMENTS]
    return [" ".join(each) for each in made]


def figures() -> dict[str, float | None]:
    """Shares of a cold start by kind of change and length, summed over places."""
    found: dict[str, float | None] = {}
    for n, prompt in PROMPTS.items():
        for kind in ("deleted", "replaced", "inserted", "moved"):
            counted = np.array([costs(prompt, new) for new in changed(prompt.split(), kind)]).sum(axis=0)
            if kind == "deleted":
                found[f"{kind}_first_{n}"] = float(counted[0])
            found[f"{kind}_{n}"] = float(counted[1] / counted[2])
        found[f"again_{n}"] = float(_again(prompt))
    found["typed"] = _typed(TYPED.split())
    return found


def _again(prompt: str) -> int:
    """Calls for asking again, and for another seed and then the old one."""
    explainer = Explainer(Counting(SCENE))

    def whole(explanation: Explanation) -> bool:
        return False

    calls(explainer, prompt, whole)
    again = calls(explainer, prompt, whole)
    calls(explainer, prompt, whole, seed=1)
    return again + calls(explainer, prompt, whole)


def _typed(words: Sequence[str]) -> float:
    """A prompt typed word by word, each prefix to its first answer and the last to the end, over its cold start."""
    explainer = Explainer(Counting(SCENE))
    spent = sum(calls(explainer, " ".join(words[:k]), lambda explanation: True) for k in range(1, len(words)))
    spent += calls(explainer, " ".join(words), lambda explanation: False)
    return spent / calls(Explainer(Counting(SCENE)), " ".join(words), lambda explanation: False)
