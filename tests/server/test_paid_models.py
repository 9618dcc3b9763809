"""A server that is paid for by the edit is never asked by the daemon: on typing, by a setting, or by Explain."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from smile_server.engine import Engine
from tests.server.talk import Talk

STREET = Path(__file__).parents[2] / "examples/street.png"

pytestmark = pytest.mark.asyncio(loop_scope="module")


class PaidServer:
    """Counts who connects; it answers nobody."""

    def __init__(self) -> None:
        self.asked = 0
        self.address = ""

    async def met(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One more that asked."""
        self.asked += 1
        writer.close()


@pytest_asyncio.fixture(loop_scope="module")
async def paid() -> AsyncIterator[PaidServer]:
    found = PaidServer()
    server = await asyncio.start_server(found.met, "127.0.0.1", 0)
    found.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1#painter"
    yield found
    server.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine() -> AsyncIterator[Engine]:
    engine = Engine(private=True)
    yield engine
    await engine.close()


@pytest.mark.parametrize("by_model", ["", "typing"])
async def test_nothing_is_sent_that_nobody_agreed_to_pay_for(
    engine: Engine, paid: PaidServer, tmp_path: Path, by_model: str
) -> None:
    shutil.copy(STREET, tmp_path / "street.png")
    talk = Talk(engine)
    options = {"run": "typing", "debounce": 5, "runByModel": {paid.address: by_model} if by_model else {}}
    await talk.initialize(tmp_path.as_uri(), options=options)
    uri = (tmp_path / "a.edit").as_uri()
    head = f"---\nimage: street.png\nmodel: {paid.address}\n---\n"
    talk.open(uri, head + "make the car red")
    (prompt,) = await talk.settled(uri)
    assert prompt["phase"] == "asking"
    assert "costs money by the edit, so only the shell asks it" in prompt["trouble"]["text"]
    assert "smile explain" in prompt["trouble"]["text"]
    talk.change(uri, 2, {"text": head + "make the car blue"})
    (prompt,) = await talk.settled(uri, version=2)
    assert prompt["phase"] == "asking"
    await talk.ask("smile/run", {"uri": uri})
    (prompt,) = await talk.prompts(uri, lambda prompts: prompts[0]["phase"] == "failed", version=2)
    assert "only 0 more are allowed" in prompt["trouble"]["text"]
    assert paid.asked == 0
    # The same address is met by whoever does ask, so the line above could fail.
    _, writer = await asyncio.open_connection("127.0.0.1", int(paid.address.split(":")[2].split("/")[0]))
    writer.close()
    await asyncio.sleep(0)
    for _ in range(1000):
        if paid.asked:
            break
        await asyncio.sleep(0.005)
    assert paid.asked == 1
    await talk.leave()
