"""The text in which Prometheus reads numbers: its text format 0.0.4 (prometheus.io, exposition
formats), with what it knows of every process."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbh_kit.metrics import Counter, Family, Gauge, Metrics, written

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def text(metrics: Metrics) -> bytes:
    """All numbers of a process, and of the process itself."""
    return "".join(_lines([*await metrics.families(), *process()])).encode()


def process() -> Iterator[Family[Any]]:
    """What is known of every process, under the names that Prometheus' own clients give it."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    cpu = Counter("process_cpu_seconds_total", "Seconds of user and system time.", {})
    cpu.add(by=(int(fields[11]) + int(fields[12])) / ticks)
    yield cpu
    yield _gauge("process_resident_memory_bytes", "Memory in use.", _resident(fields))
    started = _booted() + int(fields[19]) / ticks
    yield _gauge("process_start_time_seconds", "When it started, since 1970.", started)
    with suppress(PermissionError):  # who has dropped its rights may not look at itself (proc(5))
        open_ = len(list(Path("/proc/self/fd").iterdir()))
        yield _gauge("process_open_fds", "Open files and sockets.", open_)


def _gauge(name: str, about: str, value: float) -> Gauge:
    gauge = Gauge(name, about, {})
    gauge.set(to=value)
    return gauge


def _resident(fields: list[str]) -> int:
    """Bytes, of what follows the program's name in /proc/self/stat (proc(5))."""
    return int(fields[21]) * os.sysconf("SC_PAGE_SIZE")


def _booted() -> float:
    """When the machine started, in seconds since 1970 (proc(5), btime)."""
    rows = Path("/proc/stat").read_text().splitlines()
    return float(next(row.split()[1] for row in rows if row.startswith("btime ")))


def _lines(families: Iterable[Family[Any]]) -> Iterator[str]:
    for family in families:
        yield f"# HELP {family.name} {family.about}\n# TYPE {family.name} {family.kind}\n"
        for sample in family.samples():
            labels = ",".join(f'{name}="{_escaped(v)}"' for name, v in sample.labels.items())
            given = f"{{{labels}}}" if labels else ""
            yield f"{family.name}{sample.suffix}{given} {written(sample.value)}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
