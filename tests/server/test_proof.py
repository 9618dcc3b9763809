"""The proof against HMAC as RFC 2104 writes it, and the token's renewal before its nonces fill the memory."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from raw_client import Answer, connected, shake
from websockets.asyncio.server import ServerConnection, serve

from smile_server.admission import Admission
from smile_server.build import Build
from smile_server.endpoint import Record
from smile_server.limits import Limits
from smile_server.proof import NONCE, PROOF, Verifier, client_proof, is_secret, new_secret, server_proof


def rfc_2104(token: str, text: str) -> str:
    """HMAC-SHA-256 from its definition."""
    key = bytes.fromhex(token).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + text.encode())
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner.digest()).hexdigest()


def test_proofs_are_hmacs_that_name_side_and_path() -> None:
    token, one, other = new_secret(), new_secret(), new_secret()
    assert client_proof(token, "/lsp", one) == rfc_2104(token, f"client\n/lsp\n{one}")
    assert server_proof(token, "/lsp", one, other) == rfc_2104(token, f"server\n/lsp\n{one}\n{other}")


def test_secrets_have_256_bits_and_do_not_repeat() -> None:
    found = {new_secret() for _ in range(1000)}
    assert len(found) == 1000
    assert all(is_secret(one) and len(bytes.fromhex(one)) == 32 for one in found)
    assert not any(map(is_secret, [None, "", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 64 + "\n"]))


def test_a_worn_token_is_renewed_and_the_old_one_is_worth_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smile_server.proof.MOST_PROOFS", 3)
    verifier, renewed = Verifier(), list[str]()
    tokens = [verifier.token]
    admission = Admission(
        build=Build("b", "1", ""),
        limits=Limits(),
        sessions=lambda: 0,
        refused=lambda why: None,
        renewed=renewed.append,
        verifier=verifier,
    )

    def tried(port: int, token: str) -> Answer:
        nonce = new_secret()
        with connected(Record(1, "", "", "", "", "", "127.0.0.1", port)) as opened:
            return shake(opened, "/lsp", f"{NONCE}: {nonce}", f"{PROOF}: {client_proof(token, '/lsp', nonce)}")

    async def handle(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async def run() -> list[int]:
        requests = {"process_request": admission.process_request, "process_response": admission.process_response}
        async with serve(handle, "127.0.0.1", 0, **requests) as server:
            port = server.sockets[0].getsockname()[1]
            found = [(await asyncio.to_thread(tried, port, tokens[0])).status for _ in range(4)]
            return [*found, (await asyncio.to_thread(tried, port, renewed[0])).status]

    assert asyncio.run(run()) == [101, 101, 101, 401, 101]
    assert renewed == [verifier.token] != tokens
