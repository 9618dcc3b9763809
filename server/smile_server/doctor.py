"""What `smile daemon doctor` finds: every process, socket, lock, model and cache of ours, what is wrong, what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import platformdirs

from smile_server.endpoint import Endpoint, read_record
from smile_server.lock import is_locked
from smile_server.log import log_path
from smile_server.processes import is_process, ours, resident_bytes
from smile_server.shutdown import state_of


def examine(endpoint: Endpoint) -> dict[str, Any]:
    """Look, and change nothing. JSON-like; `problems` are sentences that say how to mend them."""
    state = state_of(endpoint)
    daemons = _daemons(endpoint.folder)
    processes = [{"pid": pid, "kind": kind, "memory": resident_bytes(pid)} for pid, kind in ours()]
    return {
        "build": endpoint.build.name,
        "version": endpoint.build.version,
        "interpreter": endpoint.build.prefix,
        "folder": str(endpoint.folder),
        "state": state,
        "daemons": daemons,
        "processes": processes,
        "models": state.get("models", []),
        "files": _files(),
        "problems": _problems(state, daemons, processes),
    }


def as_text(found: dict[str, Any]) -> str:
    """The same for people."""
    lines = [
        f"build {found['build']}, version {found['version']}, {found['interpreter']}",
        f"daemon of this build: {found['state']['state']}",
        f"folder {found['folder']}",
    ]
    for one in found["daemons"]:
        mine = " (this build)" if one["build"] == found["build"] else ""
        held = "locked" if one["locked"] else "not locked"
        files = ", ".join(one["files"])
        lines.append(f"  {one['build']}{mine}: process {one['pid'] or 'unknown'}, {held}: {files}")
    lines += [f"process {one['pid']}: {one['kind']}, {_megabytes(one['memory'])}" for one in found["processes"]]
    lines += [f"model {one['name']}: {one['state']}, {_megabytes(one['bytes'])}" for one in found["models"]]
    lines += [f"{one['what']}: {one['path']}, {_megabytes(one['bytes'])}" for one in found["files"]]
    lines += [f"wrong: {problem}" for problem in found["problems"]] or ["nothing is wrong"]
    return "\n".join(lines)


def _daemons(folder: Path) -> list[dict[str, Any]]:
    """One entry for every build that left files in the folder."""
    names: dict[str, list[str]] = {}
    for path in sorted(folder.iterdir()):
        names.setdefault(path.name.partition(".")[0], []).append(path.name)
    found = []
    for name, files in names.items():
        record = read_record(folder / f"{name}.json")
        found.append(
            {
                "build": name,
                "pid": record.pid if record is not None else None,
                "alive": record is not None and is_process(record.pid, record.mark),
                "version": record.version if record is not None else None,
                "address": (f"{record.host}:{record.port}" if record.host else "unix") if record is not None else None,
                "locked": is_locked(folder / f"{name}.lock"),
                "files": files,
            }
        )
    return found


def _files() -> list[dict[str, Any]]:
    """What we keep on disk, with its size."""
    evidence = platformdirs.user_cache_path("smile-lens", appauthor=False) / "evidence"
    places = [("evidence", evidence), ("log", log_path().parent)]
    return [{"what": what, "path": str(path), "bytes": _bytes(path)} for what, path in places if path.is_dir()]


def _bytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_symlink() and path.is_file())


def _problems(state: dict[str, Any], daemons: list[dict[str, Any]], processes: list[dict[str, Any]]) -> list[str]:
    found = []
    if state["state"] == "stuck":
        found.append("the daemon does not answer; use `smile daemon restart`")
    for one in daemons:
        if not one["locked"]:
            found.append(
                f"{', '.join(one['files'])}: left behind by a daemon that was killed; "
                "the next one of that build takes them over, or remove them"
            )
        elif one["pid"] is not None and not one["alive"]:
            found.append(f"the lock of build {one['build']} is held, but not by process {one['pid']} of its record")
    known = {one["pid"] for one in daemons if one["locked"]}
    for process in processes:
        if process["kind"] == "daemon" and process["pid"] not in known:
            found.append(
                f"process {process['pid']} is a daemon that no client can find here; end it: kill {process['pid']}"
            )
        if process["kind"] == "worker" and not any(one["kind"] == "daemon" for one in processes):
            found.append(f"process {process['pid']} is a worker without a daemon; end it: kill {process['pid']}")
    return found


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB"
