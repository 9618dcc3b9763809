"""`workspace/didChangeConfiguration`: new settings, sent along or fetched by `workspace/configuration`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from smile_server.handlers.handler import Handler

if TYPE_CHECKING:
    from smile_server.session import Session

SECTION = "smileLens"


async def answer(session: Session, params: types.DidChangeConfigurationParams) -> None:
    """Take `settings.smileLens`; where it is not sent, ask for it."""
    given: Any = params.settings
    if hasattr(given, "_asdict"):
        given = given._asdict()
    inside = given.get(SECTION) if isinstance(given, dict) else None
    plain: Any = inside
    inside = plain._asdict() if hasattr(plain, "_asdict") else plain
    if inside is None and session.client is not None and session.client.configuration:
        wanted = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        answers = await session.server.workspace_configuration_async(wanted)
        inside = answers[0] if answers else None
    if inside is not None:
        session.change_settings(inside)


HANDLERS = (Handler(types.WORKSPACE_DID_CHANGE_CONFIGURATION, answer),)
