"""What a client may ask of the daemon before it is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Possessive, and content with a string that never closes: else a text of quotes would take quadratic time.
_STRINGS_AND_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[][{}]', re.DOTALL)


@dataclass(frozen=True)
class Limits:
    """`message_bytes` bounds a message in either direction, `depth` its nesting; `sessions` and `connections` how many
    are open at once (connections count those still shaking hands); `handshake` is in seconds."""

    message_bytes: int = 16 * 2**20
    depth: int = 64
    sessions: int = 64
    connections: int = 256
    handshake: float = 5.0


def is_deeper(text: str, depth: int) -> bool:
    """Whether JSON text nests arrays and objects deeper than `depth`, told without parsing it.

    Python's parser recurses; this does not. Text that is no JSON may be judged either way: the parser refuses it.
    """
    if text.count("[") + text.count("{") <= depth:
        return False
    level = 0
    for found in _STRINGS_AND_BRACKETS.finditer(text):
        first = text[found.start()]
        if first in "[{":
            level += 1
            if level > depth:
                return True
        elif first != '"':
            level -= 1
    return False
