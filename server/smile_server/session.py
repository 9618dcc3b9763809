"""One client's session over the shared engine: its documents, settings and capabilities, on one connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

import smile_core
from smile_server import protocol
from smile_server.client import Client
from smile_server.documents import Change, OpenDocument
from smile_server.engine import Engine
from smile_server.handlers import HANDLERS, REGISTERED_LATER
from smile_server.jobs import JobFailed
from smile_server.parts import TextConnection
from smile_server.protocol import camel, wire
from smile_server.refreshing import Refreshing
from smile_server.resolving import Grounds, path_of
from smile_server.session_protocol import SessionProtocol, shared_converter
from smile_server.settings import Settings, settings_from
from smile_server.tracking import TrackedDocument, TrackedPrompt

log = logging.getLogger("smile_server.session")

MOST_WAITING = 4096
"""Messages that a client may leave unread before it counts as gone."""


class Session:
    """State with the lifetime of a connection; handlers get it as their first argument."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.settings = Settings()
        self.grounds = Grounds()
        self.client: Client | None = None
        self.encoding: Any = "utf-16"
        self.documents: dict[str, TrackedDocument] = {}
        self.ended = asyncio.Event()
        self.outgoing: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self.server = LanguageServer(
            "smile-lens", smile_core.__version__, protocol_cls=SessionProtocol, converter_factory=shared_converter
        )
        self.refreshing = Refreshing(self)
        self.stops: dict[int | str, Callable[[], None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        protocol_: SessionProtocol = self.server.protocol  # type: ignore[assignment]
        self.protocol = protocol_
        protocol_.post, protocol_.leave = self._post, self.ended.set
        protocol_.opened, protocol_.altered, protocol_.closed = self._opened, self._altered, self._closed
        protocol_.command = self._command
        self.server.report_server_error = _report  # type: ignore[method-assign]
        self.server.feature(types.INITIALIZE)(partial(self._initialize))
        self.server.feature(types.INITIALIZED)(partial(self._initialized))
        engine.on_status.append(self.refreshing.status)

    # The connection.

    def take(self, text: str) -> None:
        """Handle one incoming message; a malformed one is answered or dropped, never fatal."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            self._post('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"this is no JSON"}}')
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != "2.0" or not ({"method", "id"} & data.keys()):
            self._post('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"this is no JSON-RPC message"}}')
            return
        try:
            message = self.protocol.structure_message(data)
        except JsonRpcException as error:
            answer = {"jsonrpc": "2.0", "id": data.get("id"), "error": {"code": error.code, "message": error.message}}
            self._post(json.dumps(answer))
            return
        if self.client is None and getattr(message, "method", "") not in (types.INITIALIZE, types.EXIT):
            if hasattr(message, "id") and hasattr(message, "method"):
                answer = {"code": -32002, "message": "the session is not initialized"}
                self._post(json.dumps({"jsonrpc": "2.0", "id": message.id, "error": answer}))
            return
        self.protocol.handle_message(message)

    def _post(self, text: str) -> None:
        try:
            self.outgoing.put_nowait(text)
        except asyncio.QueueFull:
            log.warning("a client does not read its messages; its session ends")
            self.ended.set()

    def close(self) -> None:
        """The client is gone: nothing of its is asked for any more."""
        self.refreshing.close()
        if self.refreshing.status in self.engine.on_status:
            self.engine.on_status.remove(self.refreshing.status)
        for tracked in self.documents.values():
            tracked.close()
        self.documents.clear()
        for task in list(self._tasks):
            task.cancel()

    def background(self, coroutine: Any) -> asyncio.Task[Any]:
        """Run something that ends with the session."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Life of the session.

    def _initialize(self, params: types.InitializeParams) -> None:
        self.client = Client.of(params)
        encoding = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
        self.encoding = encoding.value if hasattr(encoding, "value") else encoding
        self.settings, wrong = settings_from(_settings_in(params.initialization_options))
        self._set_idle_stages()
        roots = [folder.uri for folder in params.workspace_folders or ()]
        if not roots and params.root_uri:
            roots = [params.root_uri]
        self.grounds = Grounds(tuple(path for path in map(path_of, roots) if path is not None))
        for handler in HANDLERS:
            if handler.wanted(self):
                handler.register(self)
        for name in protocol.COMMANDS:
            self.server.command(name)(_announced)
        for sentence in wrong:
            self.say(sentence, types.MessageType.Warning)

    def _initialized(self, params: types.InitializedParams) -> None:
        for later in REGISTERED_LATER:
            later.register(self)
        if self.settings.trusted:
            self.engine.warm(self.settings.model if self.settings.when(self.settings.model) == "typing" else None)
        self.refreshing.status()

    def change_settings(self, given: Any) -> None:
        """Take in new settings; documents are resolved anew."""
        before = self.settings
        self.settings, wrong = settings_from(given)
        for sentence in wrong:
            self.say(sentence, types.MessageType.Warning)
        if self.settings != before:
            self._set_idle_stages()
            for tracked in self.documents.values():
                tracked.again()
            self.refreshing.everything()

    def _set_idle_stages(self) -> None:
        """The daemon is one for all: the settings of the last who spoke hold."""
        self.engine.unload_minutes = self.settings.unload_minutes
        self.engine.leave_minutes = self.settings.leave_minutes

    def allow(self, grounds: Grounds) -> None:
        """Change which pictures may be read."""
        self.grounds = grounds
        for tracked in self.documents.values():
            tracked.again()

    # Documents.

    def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        given = params.text_document
        document = OpenDocument(given.uri, given.language_id, given.version, given.text, self.encoding)
        tracked = TrackedDocument(
            self.engine, document, lambda: self.settings, lambda: self.grounds, self.refreshing.document
        )
        if (old := self.documents.get(given.uri)) is not None:
            old.close()
        self.documents[given.uri] = tracked
        tracked.take(document, opening=True)

    def _altered(self, params: types.DidChangeTextDocumentParams) -> None:
        tracked = self.documents.get(params.text_document.uri)
        if tracked is None:
            return
        changes = []
        for change in params.content_changes:
            where = getattr(change, "range", None)
            if where is None:
                changes.append(Change(change.text))
            else:
                start, end = where.start, where.end
                changes.append(Change(change.text, (start.line, start.character), (end.line, end.character)))
        tracked.take(tracked.document.changed(params.text_document.version, changes))

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        tracked = self.documents.pop(params.text_document.uri, None)
        if tracked is not None:
            tracked.close()
            self.refreshing.closed(params.text_document.uri)

    async def _command(self, name: str, arguments: list[Any]) -> Any:
        from smile_server.handlers.execute_command import run

        return await run(self, name, arguments)

    # Help for handlers.

    def at(self, uri: str, position: types.Position | protocol.Position) -> tuple[TrackedDocument, int] | None:
        """The document, and the offset of a position in it."""
        tracked = self.documents.get(uri)
        if tracked is None:
            return None
        return tracked, tracked.document.index.offset(position.line, position.character)

    def prompt_in(self, params: protocol.PromptParams | Any) -> tuple[TrackedDocument, TrackedPrompt]:
        """The prompt that a message is about.

        Raises:
            JsonRpcInvalidParams: there is no such document or prompt; the message says which.
        """
        tracked = self.documents.get(params.uri)
        if tracked is None:
            raise JsonRpcInvalidParams("this document is not open")
        place = params.position
        offset = None if place is None else tracked.document.index.offset(place.line, place.character)
        prompt = tracked.prompt_of(params.prompt, offset)
        if prompt is None:
            raise JsonRpcInvalidParams("there is no prompt here; put the cursor into one")
        return tracked, prompt

    def say(self, text: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show one line to the user."""
        self.server.window_show_message(types.ShowMessageParams(kind, text))

    def notify(self, method: str, params: Any) -> None:
        """Send one of our own notifications."""
        self.protocol.notify(method, wire(params))


def parsed(kind: type[Any], data: Any) -> Any:
    """One of our own messages from plain data.

    Raises:
        JsonRpcInvalidParams: fields are missing, or of another kind.
    """
    import dataclasses

    if not isinstance(data, dict):
        raise JsonRpcInvalidParams(f"the parameters of {kind.__name__} are an object")
    taken: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        value = data.get(camel(field.name))
        if value is None:
            continue
        if field.name == "position":
            value = protocol.Position(int(value["line"]), int(value["character"]))
        elif isinstance(value, list):
            value = tuple(value)
        taken[field.name] = value
    try:
        message = kind(**taken)
    except TypeError as error:
        raise JsonRpcInvalidParams(f"{kind.__name__}: a field is missing") from error
    if not isinstance(getattr(message, "uri", ""), str):
        raise JsonRpcInvalidParams(f"{kind.__name__}: uri is a string")
    return message


def failure(error: JobFailed) -> JsonRpcException:
    """A failed job as the answer to a request."""
    return JsonRpcException(error.text, code=-32803, data={"kind": error.kind})  # RequestFailed


def _settings_in(options: Any) -> Any:
    """Initialization options as plain data: they arrive as dictionaries or as pygls's objects."""
    if hasattr(options, "_asdict"):
        return {key: _settings_in(value) for key, value in options._asdict().items()}
    return options


def _announced(*arguments: Any) -> None:
    """Stands in pygls's list of commands, which the client is told; `Session._command` runs them."""


def _report(error: Exception, source: Any) -> None:
    """A handler failed: which error, never its text, since that may hold what the user wrote."""
    cause = error.__cause__ or error
    log.error("a handler failed: %s in %s", type(cause).__name__, getattr(source, "__name__", source))


async def run_session(connection: TextConnection, engine: Engine) -> None:
    """Serve one client until it says `exit` or its connection is lost."""
    session = Session(engine)

    async def send() -> None:
        while True:
            await connection.send(await session.outgoing.get())

    async def receive() -> None:
        async for text in connection:
            session.take(text)
            if session.ended.is_set():
                return

    parts = [asyncio.ensure_future(part) for part in (send(), receive(), session.ended.wait())]
    try:
        await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        with contextlib.suppress(Exception):
            while not session.outgoing.empty():
                await asyncio.wait_for(connection.send(session.outgoing.get_nowait()), 1)
    finally:
        session.close()
        for part in parts:
            part.cancel()
        for ended in await asyncio.gather(*parts, return_exceptions=True):
            if isinstance(ended, Exception) and not isinstance(ended, ConnectionError):  # That one means: gone.
                log.error("a session ended with %s", type(ended).__name__, exc_info=ended)
