"""Everything at once: containers with their monitors, podman's service, and whose number comes
next."""

import contextlib
import ctypes
import os
import signal
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from nbh_kit import remains
from nbh_kit.testing import eventually

_CLONE3 = 435
_libc = ctypes.CDLL(None, use_errno=True)


async def kill_unseen(inspected: Mapping[str, Any]) -> None:
    """End a container and its monitor, which tells podman nothing; their numbers are free then."""
    state = inspected["State"]
    processes = [number for number in (state["ConmonPid"], state["Pid"]) if number]
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    await eventually(lambda: not any(map(psutil.pid_exists, processes)))


@contextlib.contextmanager
def suspended(processes: Iterable[psutil.Process]) -> Generator[None]:
    """Processes that see nothing of what happens in the block, and have ended after it.

    One of podman's may hold a lock of the machine: nobody can ask podman anything meanwhile.
    """
    family = list(processes)
    try:
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.suspend()
        yield
    finally:
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


async def kill_service(socket: Path) -> None:
    """End podman's API on this socket as a power cut would."""
    await _kill(_service(socket))


def _service(socket: Path) -> psutil.Process:
    return next(
        process
        for process in psutil.process_iter(["cmdline"])
        if f"unix://{socket}" in (process.info["cmdline"] or ())
    )


async def _kill(process: psutil.Process) -> None:
    process.kill()
    await eventually(partial(has_ended, process))


def has_ended(process: psutil.Process) -> bool:
    """Whether a process has ended, whoever is to take note of it."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def kill_amid_a_start(socket: Path, name: str) -> str:
    """End podman's API on this socket while a container of this name is made to run; its id.

    Podman does not know then what runs of it, unless it was quicker than we.
    """
    service = _service(socket)
    container = await eventually(partial(_id_of, name), within=20, pause=0.001)
    notes = [Path("/run", runtime, container) for runtime in ("crun", "runc")]
    await eventually(lambda: any(each.exists() for each in notes), within=20, pause=0.001)
    await _kill(service)
    return container


def _id_of(name: str) -> str:
    """Of the container of this name that a monitor watches over."""
    return next((m.container for m in remains.monitors() if m.name == name), "")


def what_runs_of(container: str) -> list[str]:
    """The processes of a container, by its id, and its monitors."""
    found = []
    for process in psutil.process_iter(["pid", "name"]):
        if remains.runs(process.info["pid"], container):
            found.append(process.info["name"])
    return found


@contextlib.asynccontextmanager
async def somebody_numbered(number: int) -> AsyncGenerator[int]:
    """A process of somebody's that has this number while the block runs."""
    # the kernel keeps it for a moment after whoever had it is gone (Linux 6.15 and later)
    child = await eventually(lambda: _numbered(number))
    with _ended_after(child):
        yield child


@contextlib.contextmanager
def _ended_after(child: int) -> Generator[None]:
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _numbered(number: int) -> int:
    class Arguments(ctypes.Structure):
        _fields_ = [
            (name, ctypes.c_uint64)
            for name in (
                *("flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack"),
                *("stack_size", "tls", "set_tid", "set_tid_size", "cgroup"),
            )
        ]

    wanted = (ctypes.c_int32 * 1)(number)
    arguments = Arguments(
        exit_signal=signal.SIGCHLD, set_tid=ctypes.addressof(wanted), set_tid_size=1
    )
    child: int = _libc.syscall(
        ctypes.c_long(_CLONE3), ctypes.byref(arguments), ctypes.c_size_t(ctypes.sizeof(arguments))
    )
    if child == 0:
        os.execv("/bin/sleep", ["sleep", "600"])  # noqa: S606  # we are the new process already
    if child < 0:
        raise OSError(ctypes.get_errno(), f"nobody can be numbered {number}")
    return child
