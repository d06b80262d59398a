"""What our own processes weigh, with ten labs up."""

from collections.abc import Mapping
from pathlib import Path

from tests.bench.figures import Figure, at_most


def pss(pid: int) -> float:
    """Proportional set size of one process, in MiB (proc(5), smaps_rollup)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no Pss of {pid}")


def figures(processes: Mapping[str, int]) -> list[Figure]:
    """All of ours, NATS and Traefik, one by one and together."""
    each = {name: pss(pid) for name, pid in processes.items()}
    names = ", ".join(f"{name} {size:.0f}" for name, size in sorted(each.items()))
    return [
        at_most(
            f"memory of our {len(each)} processes with 10 labs (PSS)",
            sum(each.values()),
            500,
            unit="MiB",
            floor=None,
            spread=names,
        )
    ]
