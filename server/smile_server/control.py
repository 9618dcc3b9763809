"""Small questions to the daemon over `/control`, answered at once whatever the engine does.

One JSON object in, one out: `{"do": "status"}` gives `{"ok": {...}}` or `{"error": "..."}`.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from websockets.exceptions import WebSocketException

from smile_server.channel import CONTROL, Unanswered, try_connect
from smile_server.endpoint import Endpoint
from smile_server.trouble import DaemonError

Request = Literal["status", "stop", "unload", "retire"]
REQUESTS: tuple[Request, ...] = ("status", "stop", "unload", "retire")
"""`retire` asks a daemon whose build is no longer installed to leave with its last client."""


def ask(endpoint: Endpoint, request: Request, patience: float = 5.0) -> dict[str, Any] | None:
    """The daemon's answer; None where no daemon listens.

    Raises:
        Unanswered: it did not answer in `patience` seconds.
        DaemonError: it refuses.
    """
    connection = try_connect(endpoint, CONTROL, patience)
    if connection is None:
        return None
    with connection:
        try:
            connection.send(json.dumps({"do": request}))
            answer = json.loads(connection.recv(timeout=patience))
        except TimeoutError as error:
            raise Unanswered(f"the daemon did not answer in {patience:g} s; try `smile daemon doctor`") from error
        except WebSocketException:
            return None  # It left in the middle.
        except ValueError as error:
            raise DaemonError("the daemon's answer is no JSON; try `smile daemon restart`") from error
    if "ok" not in answer:
        raise DaemonError(f"the daemon refuses: {answer.get('error')}")
    found: dict[str, Any] = answer["ok"]
    return found
