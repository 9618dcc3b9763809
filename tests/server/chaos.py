"""Random kill -9 of daemon and forwarders, and editors that just go, under load; every living client stays answered."""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress

from homes import Editor, Home, eventually

EDITORS = 4


class Client:
    """An editor that notes which of its requests are not answered yet."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.waiting: set[int] = set()
        self._sent = 0

    def send(self, requests: int) -> None:
        """Send that many at once; where the forwarder has just gone, those count for nothing."""
        with suppress(BrokenPipeError):
            for _ in range(requests):
                self._sent += 1
                self.editor.send("smile/nothing", None, self._sent)
                self.waiting.add(self._sent)

    def settle(self) -> bool:
        """Read until all is answered; False where the forwarder left, with code 1 and nothing written after the end."""
        while self.waiting:
            message = self.editor.read(60)
            if message is None:
                assert self.editor.process.wait(20) == 1
                return False
            self.waiting.discard(message["id"])
        return True


def chaos(home: Home, rounds: int, seed: int) -> dict[str, int]:
    """Run it; how often each thing was done to them."""
    chance = random.Random(seed)
    done = {"daemon": 0, "forwarder": 0, "gone": 0, "nothing": 0}
    clients: list[Client] = []
    for _ in range(rounds):
        clients += [Client(home.editor()) for _ in range(EDITORS - len(clients))]
        for client in clients:
            client.send(1)
        clients = [client for client in clients if client.settle()]  # All are connected now.
        for client in clients:
            client.send(chance.randrange(50))
        what = chance.choice(list(done))
        done[what] += 1
        if what == "daemon":
            for pid in home.daemons():
                os.kill(pid, signal.SIGKILL)
        elif clients and what in ("forwarder", "gone"):
            victim = clients.pop(chance.randrange(len(clients)))
            if what == "forwarder":
                victim.editor.process.kill()
            elif victim.editor.process.stdin is not None:
                victim.editor.process.stdin.close()
        for client in clients:
            client.send(chance.randrange(5))
        clients = [client for client in clients if _settled(client, killed=what == "daemon")]
    for client in clients:
        with suppress(BrokenPipeError):  # It had nothing open when the daemon was killed last.
            assert client.editor.leave() in (0, 1)
    home.smile("daemon", "start")
    eventually(lambda: len(home.daemons()) == 1, "exactly one daemon")
    eventually(lambda: home.smile("daemon", "status", "--json")["sessions"] == 0, "no session is left")
    return done


def _settled(client: Client, *, killed: bool) -> bool:
    """As `settle`; only a killed daemon takes its forwarders with it."""
    stays = client.settle()
    assert stays or killed
    return stays
