"""The console command `smile`. It looks at the first word only: `smile lsp` must import what it needs and no more."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `smile lsp`, or the shell commands of the daemon or the method."""
    first = sys.argv[1:2]
    if first == ["lsp"]:
        from smile_server import forwarder

        sys.exit(forwarder.main(sys.argv[2:]))
    from smile_server import daemon_commands

    if first == ["daemon"]:
        del sys.argv[1]
        daemon_commands.app(prog_name="smile daemon")
    from smile_core import cli

    cli.models.loaded_elsewhere = daemon_commands.warm_models
    cli.app.add_typer(daemon_commands.app, name="daemon")
    cli.app.command("lsp")(daemon_commands.lsp)
    cli.main()


if __name__ == "__main__":
    main()
