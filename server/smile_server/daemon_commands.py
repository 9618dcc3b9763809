"""`smile daemon ...`: start, stop and look at the daemon from a shell.

Exit codes as of `smile`: 0 done, 1 refused with one line that says what to do, 2 wrong usage, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from smile_server import doctor as examination
from smile_server.build import current_build
from smile_server.control import ask
from smile_server.daemon_options import OTHER_MACHINES
from smile_server.endpoint import Endpoint, endpoint_of
from smile_server.listening import address_from
from smile_server.log import log_path
from smile_server.shutdown import state_of, stopped
from smile_server.spawn import joined
from smile_server.trouble import DaemonError

app = typer.Typer(
    help="Start, stop and look at the daemon that editors share.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Listen = Annotated[str, typer.Option(metavar="HOST:PORT", help="TCP instead of a unix socket; port 0 is any free one.")]
Anywhere = Annotated[bool, typer.Option(OTHER_MACHINES, help="Take a host that other machines can reach.")]
Origin = Annotated[list[str] | None, typer.Option("--allow-origin", help="A web page's origin that may connect.")]
Unload = Annotated[float | None, typer.Option(min=0.01, help="Models unload after this many idle minutes (10).")]
Leave = Annotated[float | None, typer.Option(min=0.01, help="The daemon leaves this long after its last client (30).")]


def lsp() -> None:
    """Speak LSP on standard input and output; editors start this."""
    from smile_server import forwarder

    raise typer.Exit(forwarder.main([]))


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except DaemonError as error:
        typer.echo(f"smile: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("smile: stopped", err=True)
        raise typer.Exit(130) from None
    except OSError as error:
        typer.echo(f"smile: {error.filename or 'the daemon'}: {error.strerror or error}", err=True)
        raise typer.Exit(1) from None


@app.command()
def start(
    listen: Listen = "",
    anywhere: Anywhere = False,
    allow_origin: Origin = None,
    unload_minutes: Unload = None,
    leave_minutes: Leave = None,
    json: Json = False,
) -> None:
    """Start the daemon, unless it runs already."""
    with _one_line_errors():
        endpoint = _endpoint()
        running = ask(endpoint, "status")
        options = _options(listen, anywhere, allow_origin or [], unload_minutes, leave_minutes)
        if running is not None and options:
            raise DaemonError("the daemon runs already, with options of its own; use `smile daemon restart`")
        _tell_started(running or joined(endpoint, lambda: ask(endpoint, "status"), options), json, running is None)


@app.command()
def status(json: Json = False) -> None:
    """Tell whether the daemon is starting, idle, busy, stuck or not there; exit code 1 when it is stuck."""
    with _one_line_errors():
        state = state_of(_endpoint())
        if json:
            typer.echo(json_text.dumps(state))
        elif state["state"] in ("stopped", "starting") and "pid" not in state:
            typer.echo("not running" if state["state"] == "stopped" else "starting")
        else:
            typer.echo(_sentence(state))
        if state["state"] == "stuck":
            raise typer.Exit(1)


@app.command()
def stop(json: Json = False) -> None:
    """Stop the daemon, by force where it does not answer; never starts one."""
    with _one_line_errors():
        pid = stopped(_endpoint())
        if json:
            typer.echo(json_text.dumps({"stopped": pid is not None, "pid": pid}))
        else:
            typer.echo("not running" if pid is None else f"stopped (process {pid})")


@app.command()
def restart(
    listen: Listen = "",
    anywhere: Anywhere = False,
    allow_origin: Origin = None,
    unload_minutes: Unload = None,
    leave_minutes: Leave = None,
    json: Json = False,
) -> None:
    """Stop the daemon and start it anew; editors that are open come back by themselves."""
    with _one_line_errors():
        endpoint = _endpoint()
        options = _options(listen, anywhere, allow_origin or [], unload_minutes, leave_minutes)
        stopped(endpoint)
        _tell_started(joined(endpoint, lambda: ask(endpoint, "status"), options), json, True)


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 100,
    json: Json = False,
) -> None:
    """Print the end of the daemon's log. It holds no prompt, no picture and no full path."""
    with _one_line_errors():
        path = log_path()
        found = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:] if path.is_file() else []
        if json:
            typer.echo(json_text.dumps({"path": str(path), "lines": found}))
        else:
            typer.echo("\n".join(found) if found else f"nothing is logged in {path}")


@app.command()
def doctor(json: Json = False) -> None:
    """List every process, socket, lock, model and cache of ours, and what is wrong; exit code 1 if anything is."""
    with _one_line_errors():
        found = examination.examine(_endpoint())
        typer.echo(json_text.dumps(found) if json else examination.as_text(found))
        if found["problems"]:
            raise typer.Exit(1)


def warm_models() -> frozenset[str]:
    """The names of the models that the daemon holds in memory; none where it does not run or does not answer."""
    try:
        state = ask(_endpoint(), "status", patience=1.0) or {}
    except (DaemonError, OSError):
        return frozenset()
    return frozenset(model["name"] for model in state.get("models", ()) if model["state"] == "warm")


def _endpoint() -> Endpoint:
    return endpoint_of(current_build())


def _options(
    listen: str, anywhere: bool, origins: list[str], unload_minutes: float | None, leave_minutes: float | None
) -> list[str]:
    """The daemon's own arguments; what is wrong with them is said before anything is started or stopped."""
    address_from(listen, anywhere=anywhere)
    options = ["--listen", listen] if listen else []
    options += [OTHER_MACHINES] if anywhere else []
    options += [word for origin in origins for word in ("--allow-origin", origin)]
    options += ["--unload-minutes", str(unload_minutes)] if unload_minutes is not None else []
    return options + (["--leave-minutes", str(leave_minutes)] if leave_minutes is not None else [])


def _tell_started(state: dict[str, Any], json: bool, is_new: bool) -> None:
    if json:
        typer.echo(json_text.dumps(state | {"started": is_new}))
    else:
        typer.echo(f"{'started' if is_new else 'runs already'}: {_sentence(state)}")


def _sentence(state: dict[str, Any]) -> str:
    if state["state"] == "stuck":
        return f"stuck: process {state['pid']} does not answer; use `smile daemon restart`"
    warm = [model["name"] for model in state["models"] if model["state"] == "warm"]
    return (
        f"{state['state']}, process {state['pid']}, version {state['version']}, up {state['uptime']:.0f} s, "
        f"{state['sessions']} sessions, {state['jobs']} jobs, {state['memory'] / 2**20:.0f} MB, "
        f"models: {', '.join(warm) or 'none loaded'}"
    )
