"""What a lab uses, as the kernel counts it: its control groups and its network."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from nbh_provisioner.engine import Running
from nbh_provisioner.engines import groups

R = TypeVar("R")


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What the kernel says; None for what it does not."""

    cpu_seconds: float | None = None
    memory: int | None = None
    """Bytes."""

    processes: int | None = None
    traffic: int | None = None
    """Bytes, in and out."""


def usage(running: Running) -> Usage:
    """What a lab uses now; some ten small files of the kernel's, none of them on a disk."""
    return Usage(
        cpu_seconds=cpu_seconds(running),
        memory=_first(running, "memory", ("memory.current", "memory.usage_in_bytes"), int),
        processes=_first(running, "pids", ("pids.current",), int),
        traffic=_traffic(running),
    )


def cpu_seconds(running: Running) -> float | None:
    """What a lab has computed since it started."""
    old = _first(running, "cpuacct", ("cpuacct.usage",), lambda text: int(text) / 1e9)
    return _first(running, "cpu", ("cpu.stat",), _of_cpu_stat) if old is None else old


def _of_cpu_stat(text: str) -> float | None:
    """The version 2 of cgroups says the time in a file that version 1 has for something else."""
    fields = dict(line.split() for line in text.splitlines())
    return int(fields["usage_usec"]) / 1e6 if "usage_usec" in fields else None


def _first(
    running: Running, controller: str, files: tuple[str, ...], read: Callable[[str], R]
) -> R | None:
    with contextlib.suppress(OSError, ValueError):
        if there := groups.of(running, controller, files):
            for file in files:
                if (there / file).exists():
                    return read((there / file).read_text())
    return None


def _traffic(running: Running) -> int | None:
    """All of its network, but what it says to itself."""
    total = 0
    try:
        lines = Path(f"/proc/{running.process}/net/dev").read_text().splitlines()[2:]
        for line in lines:
            name, _, counts = line.partition(":")
            if name.strip() != "lo":
                fields = counts.split()
                total += int(fields[0]) + int(fields[8])
    except (OSError, ValueError, IndexError):
        return None
    return total
