"""Editor for servers that speak OpenAI's images-edit shape: POST {address}/images/edits.

Such edits may cost money, so nothing is sent before the user agreed to a number of them (`allow`), and
never while somebody types (`asks_first`). The key comes from the environment and goes nowhere else. These
servers take no seed: two edits by one prompt differ, which the intervals then count as noise.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import io
import json
import os
import random
import ssl
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from smile_core.editors.pictures_out import at_source_size
from smile_core.errors import Cancelled, EditorError, ImageError
from smile_core.picture import load_picture

KEYS = ("SMILE_IMAGES_API_KEY", "OPENAI_API_KEY")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_AGAIN = (408, 409, 429, 500, 502, 503, 504)
_LONGEST_ANSWER = 64 << 20
_REFUSALS = ("moderation_blocked", "content_policy_violation")


class HttpEditor:
    """Sends picture and prompt to a server, a few prompts at once.

    Attributes:
        asks_first: True; see `AsksFirst`.
        batch: prompts a call, as many as are sent at once.
        fingerprint: None: nothing is known of what the server does, so its edits are remembered only in
            memory.
    """

    asks_first = True
    fingerprint: str | None = None

    def __init__(
        self,
        address: str,
        *,
        price: float | None = None,
        at_once: int = 4,
        tries: int = 5,
        seconds: float = 120.0,
        first_wait: float = 1.0,
        **others: object,
    ) -> None:
        """
        Args:
            address: https://server/v1#model; http only for this machine.
            price: of one edit, in whatever the user pays; for the forecast.
            at_once: most requests at a time.
            tries: most requests for one edit; those that ask to wait, or fail for the server's reasons, are
                repeated.
            seconds: longest wait for one answer.
            first_wait: seconds before the second try; doubled for each further one, at most 30, unless the
                server says when.
            **others: settings of models, which a server has none of.

        Raises:
            EditorError: the address is none, no key is in the environment and the server is not here, or there
                are other settings.
        """
        for setting in others:
            raise EditorError(f"a server takes no setting {setting!r}; it edits in its own way")
        self.shell_name = address
        parts = urllib.parse.urlsplit(address)
        self._host, self._model = parts.hostname or "", parts.fragment
        local = self._host in _LOOPBACK
        if not self._host or not self._model:
            raise EditorError(f"{address} is no server's address; write https://server/v1#model")
        if parts.scheme != "https" and not local:
            raise EditorError(f"{address} would send the picture and the key in the open; use https")
        if parts.username or parts.password:
            raise EditorError(f"the address holds a password; put the key into {KEYS[0]} instead")
        self._secure, self._port = parts.scheme == "https", parts.port
        self._path = f"{parts.path.rstrip('/')}/images/edits"
        self._key = next((os.environ[name] for name in KEYS if os.environ.get(name)), None)
        if self._key is None and not local:
            raise EditorError(f"{self._host} wants a key; put it into the environment as {KEYS[0]}")
        self._price, self._tries, self._seconds, self._first_wait = price, tries, seconds, first_wait
        self.batch = max(1, at_once)
        self._allowed = 0
        self._lock = threading.Lock()
        self._asked_to_stop: Callable[[], bool] = lambda: False

    def describe(self) -> dict[str, str]:
        """Name, family, and that nothing fixes the noise."""
        name = f"{self._model} at {self._host}"
        return {"name": name, "family": "server", "noise": "the server's own, new for every edit"}

    def expected_cost(self, edits: int) -> str:
        """See `AsksFirst`."""
        if self._price is None:
            return f"up to {edits} paid edits at {self._host}, whose price is not known here"
        return f"up to {edits} paid edits at {self._host}, about {edits * self._price:.2f} in all"

    def allow(self, edits: int) -> None:
        """See `AsksFirst`."""
        with self._lock:
            self._allowed += max(0, edits)

    def stop_when(self, asked: Callable[[], bool]) -> None:
        """See `StopsBetweenSteps`: asked before each request and while waiting."""
        self._asked_to_stop = asked

    def edit(self, image: np.ndarray, prompts: Sequence[str], *, seed: int) -> list[np.ndarray | None]:
        """See `Editor.edit`; the seed changes nothing. None where the server refused for what is asked.

        Raises:
            EditorError: not allowed, or the server fails.
            Cancelled: somebody asked to stop.
        """
        picture = _png(image)
        # The empty prompt is refused by these servers; the source stands for it.
        asked = [prompt for prompt in prompts if prompt.strip()]
        with self._lock:
            if len(asked) > self._allowed:
                raise EditorError(
                    f"{self._host} is paid for by the edit, and only {self._allowed} more are allowed; "
                    "agree to more with --paid-edits N"
                )
            self._allowed -= len(asked)
        with ThreadPoolExecutor(self.batch) as pool:
            made = list(pool.map(lambda prompt: self._one(picture, prompt), asked))
        results = iter(made)
        # Servers choose the size by themselves, and may choose another for the next edit.
        return at_source_size([next(results) if prompt.strip() else None for prompt in prompts], image)

    def _one(self, picture: bytes, prompt: str) -> np.ndarray | None:
        wait = self._first_wait
        for attempt in range(1, self._tries + 1):
            if self._asked_to_stop():
                raise Cancelled("stopped on request; what is finished is kept, ask again to go on")
            try:
                status, after, answer = self._send(picture, prompt)
            except ssl.SSLCertVerificationError as error:
                raise EditorError(f"{self._host} cannot prove who it is ({error.verify_message})") from error
            except (OSError, http.client.HTTPException) as error:
                status, after, answer = 0, None, type(error).__name__.encode()
            if status == 200:
                return _picture(answer, self._host)
            if status not in (0, *_AGAIN) or attempt == self._tries or _code(answer) == "insufficient_quota":
                if status == 400 and _code(answer) in _REFUSALS:
                    return None
                raise EditorError(self._complaint(status, answer))
            self._pause(wait * random.uniform(0.8, 1.2) if after is None else after)
            wait = min(30.0, wait * 2)
        raise AssertionError("unreachable: the last try returns or raises")

    def _send(self, picture: bytes, prompt: str) -> tuple[int, float | None, bytes]:
        """Status, seconds to wait where the server says, and body."""
        boundary = uuid.uuid4().hex
        body = _form({"model": self._model, "prompt": prompt, "n": "1"}, picture, boundary)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._seconds)
        try:
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            answer = response.read(_LONGEST_ANSWER + 1)
        finally:
            connection.close()
        if len(answer) > _LONGEST_ANSWER:
            raise EditorError(f"{self._host} answers with more than {_LONGEST_ANSWER >> 20} MB; it is no such server")
        after = response.getheader("Retry-After", "")
        return response.status, min(60.0, float(after)) if after.replace(".", "", 1).isdigit() else None, answer

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._asked_to_stop():
                raise Cancelled("stopped on request; what is finished is kept, ask again to go on")
            time.sleep(min(0.1, left))

    def _complaint(self, status: int, answer: bytes) -> str:
        if status == 0:
            return f"{self._host} does not answer ({answer.decode()}); check the address and the network"
        if status in (401, 403):
            return f"{self._host} refuses the key; check {KEYS[0]} in the environment"
        said = " ".join(str(_error(answer).get("message") or "no reason given").split())
        said = said.replace(self._key, "***") if self._key else said
        return f"{self._host} failed with status {status} ({said[:160]}); try again later or change the prompt"


def _form(fields: dict[str, str], picture: bytes, boundary: str) -> bytes:
    """A body of multipart/form-data (RFC 7578)."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="image.png"\r\n'
    parts += [f"{head}Content-Type: image/png\r\n\r\n".encode(), picture, b"\r\n", f"--{boundary}--\r\n".encode()]
    return b"".join(parts)


def _png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def _picture(answer: bytes, host: str) -> np.ndarray:
    try:
        encoded = json.loads(answer)["data"][0]["b64_json"]
        raw = base64.b64decode(encoded, validate=True)
        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG", "WEBP")) as image:
            return load_picture(image).pixels
    except (ValueError, KeyError, IndexError, TypeError, binascii.Error, OSError, ImageError) as error:
        raise EditorError(f"{host} gave no picture ({type(error).__name__}); it must answer with b64_json") from error


def _error(answer: bytes) -> dict[str, object]:
    try:
        error = json.loads(answer)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {"message": error}


def _code(answer: bytes) -> str:
    return str(_error(answer).get("code") or "")
