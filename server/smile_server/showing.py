"""From tracked prompts to what a client shows: words with ranges and colours, notes, troubles."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from smile_server.protocol import InfluenceParams, PromptInfluence, Quality, WordInfluence
from smile_server.tracking import TrackedDocument, TrackedPrompt

UPDATING = "updating"


def influence_of(tracked: TrackedDocument) -> InfluenceParams:
    """The whole state of a document, for its newest version."""
    document = tracked.document
    prompts = tuple(prompt_influence(tracked, prompt) for prompt in tracked.prompts)
    return InfluenceParams(document.uri, document.version, prompts)


def prompt_influence(tracked: TrackedDocument, prompt: TrackedPrompt) -> PromptInfluence:
    """One prompt: its words with what is known of each."""
    index = tracked.document.index
    view = prompt.view
    return PromptInfluence(
        id=prompt.id,
        text=prompt.found.text,
        range=index.range(prompt.found.start, prompt.found.end),
        words=words_of(tracked, prompt),
        phase=prompt.phase,
        note=note_of(prompt),
        summary=view["summary"] if view is not None and not prompt.stale else "",
        quality=Quality(**view["quality"]) if view is not None and not prompt.stale else None,
        forecast=prompt.update.forecast if prompt.update is not None and prompt.phase == "running" else None,
        trouble=prompt.trouble,
    )


def note_of(prompt: TrackedPrompt) -> str:
    """The end-of-line note."""
    if prompt.trouble is not None:
        return prompt.trouble.text
    if prompt.phase == "stopped":
        return "stopped"
    if prompt.phase in ("waiting", "running") and (prompt.stale or prompt.view is None):
        return UPDATING
    return str(prompt.view["note"]) if prompt.view is not None and not prompt.stale else ""


def words_of(tracked: TrackedDocument, prompt: TrackedPrompt) -> tuple[WordInfluence, ...]:
    """The words with the newest numbers; those of another version are matched word by word and marked."""
    start, index = prompt.found.start, tracked.document.index
    if prompt.view is not None and not prompt.stale:
        shown = prompt.view["words"]
        return tuple(
            _word(word, index.ranges(start + word["start"], start + word["end"]), stale=False) for word in shown
        )
    known = _carried(prompt)
    return tuple(
        _word(known.get(i, _waiting(word.text)), index.ranges(start + word.start, start + word.end), stale=i in known)
        for i, word in enumerate(prompt.words)
    )


def _carried(prompt: TrackedPrompt) -> dict[int, dict[str, Any]]:
    """For words of the prompt as it is now, what an older explanation said of the same words."""
    if prompt.view is None:
        return {}
    old = prompt.view["words"]
    matcher = SequenceMatcher(None, [word["text"] for word in old], [word.text for word in prompt.words], False)
    return {block.b + k: old[block.a + k] for block in matcher.get_matching_blocks() for k in range(block.size)}


def _waiting(text: str) -> dict[str, Any]:
    return {
        "text": text,
        "state": "waiting",
        "bucket": 0,
        "influence": None,
        "low": None,
        "high": None,
        "label": "",
        "rank": None,
        "partner": None,
    }


def _word(word: dict[str, Any], ranges: Any, *, stale: bool) -> WordInfluence:
    rank = word["rank"]
    return WordInfluence(
        text=word["text"],
        ranges=ranges,
        state=word["state"],
        bucket=word["bucket"],
        influence=word["influence"],
        low=word["low"],
        high=word["high"],
        label=word["label"],
        rank=None if rank is None else (rank[0], rank[1]),
        partner=word["partner"],
        stale=stale,
    )
