"""What the daemon's process and the shell command that starts it must spell alike."""

from __future__ import annotations

OTHER_MACHINES = "--dangerously-listen-to-other-machines"
