"""Both sides of a TCP connection prove that they know the daemon's token, which itself never travels.

The client sends a nonce and HMAC(token, nonce), the server answers with a nonce of its own and
HMAC(token, both nonces). What is signed also names the side and the path, so that neither proof can stand in for
the other, nor one for `/control` for one for `/lsp`. SHA-256 throughout; on the wire all is lower-case hex.
"""

from __future__ import annotations

import hmac
import os
import re

NONCE = "Smile-Nonce"
PROOF = "Smile-Proof"

_HEX = re.compile(r"[0-9a-f]{64}")
MOST_PROOFS = 65_536


def new_secret() -> str:
    """256 random bits, for a token or a nonce."""
    return os.urandom(32).hex()


def is_secret(text: str | None) -> bool:
    """Whether this can be a token, a nonce or a proof."""
    return text is not None and _HEX.fullmatch(text) is not None


def client_proof(token: str, path: str, nonce: str) -> str:
    """What a client sends along with its nonce."""
    return _mac(token, "client", path, nonce)


def server_proof(token: str, path: str, client_nonce: str, server_nonce: str) -> str:
    """What the server answers, along with its own nonce."""
    return _mac(token, "server", path, client_nonce, server_nonce)


def _mac(token: str, *parts: str) -> str:
    return hmac.digest(bytes.fromhex(token), "\n".join(parts).encode(), "sha256").hex()


class Verifier:
    """The server's side: a token, and the nonces that were used with it."""

    def __init__(self) -> None:
        self.token = new_secret()
        self._used: set[str] = set()

    @property
    def worn(self) -> bool:
        """Whether so many proofs were taken that the token should be renewed, before the nonces fill the memory."""
        return len(self._used) >= MOST_PROOFS

    def renew(self) -> None:
        """A new token. Proofs with the old one are worth nothing, so its nonces can be forgotten."""
        self.token = new_secret()
        self._used.clear()

    def refusal(self, path: str, nonce: str | None, proof: str | None) -> str | None:
        """Why a client is refused, or None when it has proved itself; its nonce is then used up."""
        if nonce is None or proof is None:
            return "proof missing"
        if not (is_secret(nonce) and is_secret(proof)):
            return "proof malformed"
        if not hmac.compare_digest(client_proof(self.token, path, nonce), proof):
            return "proof wrong"
        if nonce in self._used:
            return "proof replayed"
        self._used.add(nonce)
        return None

    def answer(self, path: str, nonce: str) -> tuple[str, str]:
        """The server's nonce and proof."""
        own = new_secret()
        return own, server_proof(self.token, path, nonce, own)
