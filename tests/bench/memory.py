"""What our own processes weigh, with ten labs up."""

from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.bench.figures import Figure, at_most

_SERVERS = ("nats", "traefik", "podman")
"""What is not ours and has to run in any case: the floor."""


def pss(pid: int) -> float:
    """Proportional set size of one process, in MiB (proc(5), smaps_rollup)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no Pss of {pid}")


def family(pid: int) -> float:
    """The same of a process with all that it has started."""
    children = psutil.Process(pid).children(recursive=True)
    return pss(pid) + sum(pss(child.pid) for child in children)


def figures(processes: Mapping[str, int]) -> list[Figure]:
    """All of ours, NATS and Traefik, one by one and together."""
    courses = processes["courses"]
    each = {name: pss(pid) for name, pid in processes.items()}
    each["courses"] = family(courses)  # with what reads notebooks for it
    names = ", ".join(f"{name} {size:.0f}" for name, size in sorted(each.items()))
    return [
        at_most(
            f"memory of our {len(each)} processes with 10 labs (PSS)",
            sum(each.values()),
            500,
            unit="MiB",
            floor=sum(each[server] for server in _SERVERS),
            spread=names,
        )
    ]
