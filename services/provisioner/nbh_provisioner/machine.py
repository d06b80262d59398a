"""This machine's load, memory and disks (T2)."""

import os
from pathlib import Path

from nbh_proto.sample import Disk, NodeMeasured


def measured(data: Path, containers: Path | None) -> NodeMeasured:
    """How this machine is now.

    Args:
        data: where students' files are.
        containers: where podman keeps images and containers; None if nobody knows.
    """
    load1, load5, load15 = os.getloadavg()
    memory = _memory(Path("/proc/meminfo").read_text())
    return NodeMeasured(
        load1=load1,
        load5=load5,
        load15=load15,
        memory_total=memory["MemTotal"],
        memory_free=memory["MemFree"],
        memory_available=memory["MemAvailable"],
        data_disk=_disk(data),
        containers_disk=_disk(containers) if containers else None,
        system_disk=_disk(Path("/")),
    )


def _memory(meminfo: str) -> dict[str, int]:
    """Bytes, by the kernel's names."""
    pairs = (line.split(":", 1) for line in meminfo.splitlines())
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}


def _disk(path: Path) -> Disk | None:
    try:
        room = os.statvfs(path)
    except OSError:
        return None
    # as df(1): of what is not reserved for root
    total = room.f_blocks - room.f_bfree + room.f_bavail
    return Disk(
        free_percent=round(100 * room.f_bavail / total, 1) if total else 0.0,
        free_mib=room.f_bavail * room.f_frsize // 1024**2,
    )
