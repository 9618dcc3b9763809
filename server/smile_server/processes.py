"""What the system knows of a process: whether it is still the one that was meant, and its memory."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def start_mark(pid: int) -> str:
    """When a process started, as a text that no later process of the same id shares; empty where it is not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The command stands in brackets and may hold spaces and brackets itself; field 22 is the 20th after it.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def is_process(pid: int, mark: str) -> bool:
    """Whether `pid` is the very process that had this start mark; False where that cannot be told."""
    return mark != "" and start_mark(pid) == mark


def resident_bytes(pid: int) -> int:
    """Bytes of memory that a process occupies; 0 where it is not known."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return _own_peak() if pid == os.getpid() else 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _own_peak() -> int:
    """Off Linux, the most that this process ever occupied."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def ours() -> list[tuple[int, str]]:
    """Every process of this user that runs a daemon, a worker or a forwarder of ours: (id, what it is)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid != os.geteuid():
                continue
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        kind = _kind(words)
        if kind and int(folder.name) != os.getpid():
            found.append((int(folder.name), kind))
    return sorted(found)


def _kind(words: list[str]) -> str | None:
    if "-m" in words[:4]:
        module, *rest = [*words[words.index("-m") + 1 :], ""]
        if module == "smile_server.daemon":
            return "daemon"
        if module.startswith("smile_server.worker"):
            return "worker"
        return "forwarder" if module == "smile_server.entry" and rest[0] == "lsp" else None
    scripts = [k for k, word in enumerate(words[:4]) if Path(word).name in ("smile", "smile.exe")]
    return "forwarder" if scripts and words[scripts[0] + 1 : scripts[0] + 2] == ["lsp"] else None
