"""What a handler module exports: a method, the function that answers it, and when it is offered."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smile_server.session import Session


def _always(session: Session) -> bool:
    return True


@dataclass(frozen=True)
class Handler:
    """One LSP method. `answer(session, params)` may be async; `wanted` says for which clients it exists."""

    method: str
    answer: Callable[[Any, Any], Any]
    options: Any = None
    wanted: Callable[[Any], bool] = _always

    def register(self, session: Session) -> None:
        """Offer it in a session."""
        answer = self.answer

        if inspect.iscoroutinefunction(answer):

            @functools.wraps(answer)
            async def later(params: Any) -> Any:
                return await answer(session, params)

            bound: Any = later
        else:

            @functools.wraps(answer)
            def now(params: Any) -> Any:
                return answer(session, params)

            bound = now
        # pygls looks at the signature; without this it would see the wrapped one's two arguments.
        del bound.__wrapped__
        session.server.feature(self.method, self.options)(bound)
