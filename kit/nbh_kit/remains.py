"""What runs of a container, as the kernel knows it: podman may believe otherwise.

Podman hears from conmon alone how a container ended. Where both were killed it says "running" for
ever. Where podman was killed while it started or stopped a container, it takes what runs for not
started, or for stopped; its forced removal then succeeds and leaves conmon and the container's
processes behind, which nobody can name any more (all seen with 4.3). So whoever removes a
container does it in `clearing`. A number of a process that podman knows is never taken for the
container's without proof: it may be another's by now. Blocking.
"""

import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from nbh_kit import namespaces

_PROC = Path("/proc")
_NOTES, _RUNTIMES = Path("/run"), ("crun", "runc")
_WITHIN = 5.0
_KNOWN_TO_RUN_OR_NOT = ("running", "paused", "exited", "stopped")
"""States in which podman's own removal leaves nothing that runs."""

logger = structlog.get_logger(__name__)


class Monitor(NamedTuple):
    """A conmon, by its command line: it watches over a container, or over an ``exec`` in one."""

    process: int
    container: str
    """The whole id."""

    name: str
    """The container's."""

    places: tuple[str, str]
    """Podman's storage for good (``graphRoot``) and until the next boot (``runRoot``)."""


def runs(process: int, container: str) -> bool:
    """Whether a process is of a container, by its whole id, and has not ended; or its monitor."""
    try:
        descriptor = os.pidfd_open(process)
    except OSError:
        return False
    try:
        return _is_of(process, container) and not select.select([descriptor], [], [], 0)[0]
    finally:
        os.close(descriptor)


@contextmanager
def clearing(inspected: Mapping[str, Any]) -> Iterator[None]:
    """Have nothing left of a container that podman removes in the block.

    Args:
        inspected: what ``GET /containers/{name}/json`` or ``podman inspect`` said of it.
    """
    container, state = str(inspected["Id"]), inspected["State"]
    if state["Status"] not in _KNOWN_TO_RUN_OR_NOT:
        _end_processes(container)
    yield
    if runs(state["Pid"], container):
        _end_processes(container)
    _have_runtime_forget(container)
    if namespace := inspected["NetworkSettings"].get("SandboxKey"):
        namespaces.let_go(Path(namespace))


def end(container: str) -> None:
    """Have nothing run of a container that podman does not know, and its control groups gone."""
    _end_processes(container)
    _have_runtime_forget(container)


def monitors() -> list[Monitor]:
    """Every conmon of this machine."""
    found = (_monitor(process) for process in _processes())
    return [monitor for monitor in found if monitor]


def _end_processes(container: str) -> None:
    """Its monitor first: that would call podman at the end of the others."""
    give_up = time.monotonic() + _WITHIN
    while found := _processes_of(container):
        if time.monotonic() > give_up:
            logger.warning("processes of a container stay", container=container, processes=found)
            return
        for process in found:
            _kill(process, container)


def _have_runtime_forget(container: str) -> None:
    """Crun keeps its own notes, and the control groups, until it is told that a container is gone;
    podman tells it so only of those of which it knew that they were made."""
    for runtime in _RUNTIMES:
        program = shutil.which(runtime)
        if program and (_NOTES / runtime / container).exists():
            command = (program, "delete", "--force", container)
            try:
                subprocess.run(command, capture_output=True, check=True, timeout=_WITHIN)
            except subprocess.SubprocessError as e:
                logger.warning("a container's control groups stay", error=str(e))


def _processes_of(container: str) -> list[int]:
    """By number, monitors first."""
    of_it = [process for process in _processes() if runs(process, container)]
    return sorted(of_it, key=lambda process: not _monitor(process))


def _processes() -> Iterator[int]:
    return (int(each.name) for each in _PROC.iterdir() if each.name.isdecimal())


def _is_of(process: int, container: str) -> bool:
    """Whether it is in the container's control group, or watches over it."""
    folder = _PROC / str(process)
    try:
        if container in (folder / "cgroup").read_text():
            return True
    except OSError:
        return False
    monitor = _monitor(process)
    return monitor is not None and monitor.container == container


def _monitor(process: int) -> Monitor | None:
    folder = _PROC / str(process)
    try:
        if (folder / "comm").read_text() != "conmon\n":
            return None
        return monitor_of(process, (folder / "cmdline").read_bytes())
    except OSError:
        return None


def monitor_of(process: int, command_line: bytes) -> Monitor | None:
    """What a conmon's command line says, of ``/proc/PID/cmdline``; None if it is no podman's."""
    words = os.fsdecode(command_line).split("\0")
    # what it will call when the container ends is podman, with options of its own
    podmans = [after for word, after in pairwise(words) if word == "--exit-command-arg"]
    try:
        places = (_option("--root", podmans), _option("--runroot", podmans))
        return Monitor(process, _option("-c", words), _option("-n", words), places)
    except ValueError:
        return None


def _option(name: str, words: list[str]) -> str:
    return words[words.index(name) + 1]


def _kill(process: int, container: str) -> None:
    """Kill a process of a container, and wait for its end."""
    try:
        descriptor = os.pidfd_open(process)
    except OSError:
        return
    try:
        if _is_of(process, container):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            select.select([descriptor], [], [], _WITHIN)
    except ProcessLookupError:
        return
    finally:
        os.close(descriptor)
