"""What our own processes weigh, with ten labs up."""

from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.bench.figures import Figure, at_most

_SERVERS = ("nats", "traefik")
"""What is not ours and has to run in any case: the floor."""

_ENGINE = "podman"
"""Said beside: where it runs as the machine's own service, it is there without us."""


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
    """All of ours, NATS and Traefik, one by one and together; podman's API beside them."""
    courses = processes["courses"]
    each = {name: pss(pid) for name, pid in processes.items()}
    each["courses"] = family(courses)  # with what reads notebooks for it
    engine = each.pop(_ENGINE)
    names = ", ".join(f"{name} {size:.0f}" for name, size in sorted(each.items()))
    ours = len(each) - len(_SERVERS)
    return [
        at_most(
            f"memory of our {ours} processes, NATS and Traefik with 10 labs (PSS)",
            sum(each.values()),
            500,
            unit="MiB",
            floor=sum(each[server] for server in _SERVERS),
            spread=f"{names}; podman's API besides {engine:.0f}",
        )
    ]
