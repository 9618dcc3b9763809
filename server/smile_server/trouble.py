"""What goes wrong between a client and the daemon. Apart from `smile_core.errors`, whose import costs numpy."""

from __future__ import annotations


class DaemonError(Exception):
    """One line for the user: what was wrong with the daemon, and what to do."""
