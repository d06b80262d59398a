"""The router writes Traefik's file for 1 000 labs."""

import os
import secrets
import time
from pathlib import Path

from nbh_proto import names, new_id
from nbh_router import dynamic, whole_file
from nbh_router.table import Route
from tests.bench.figures import Figure, at_most, median, spread

LABS = 1000
ROUNDS = 20


def figures(folder: Path) -> list[Figure]:
    """Build, encode and write, against a bare write of as many bytes, in turn."""
    routes = [
        Route(names.new_capability(), f"10.89.{n // 250}.{n % 250}:8888", secrets.token_hex(32))
        for n in range(LABS)
    ]
    ours, bare = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        data = dynamic.encoded(dynamic.labs(routes, new_id()))
        whole_file.write(folder / "labs.yml", data)
        ours.append(time.perf_counter() - began)
        bare.append(_bare_write(folder / "bare.yml", data))
    return [
        at_most(
            "router writes Traefik's file for 1 000 labs",
            median(ours) * 1e3,
            30.0,
            unit="ms",
            floor=median(bare) * 1e3,
            spread=spread(ours, 1e3),
        )
    ]


def _bare_write(path: Path, data: bytes) -> float:
    began = time.perf_counter()
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - began
