"""An idle lab's first answer: Jupyter as our image starts it, and as it starts itself in the same
image, beside a Python in the same container that does nothing but answer."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from nbh_kit.testing import eventually
from nbh_provisioner import readiness
from tests.bench.figures import Figure, at_most, median, spread
from tests.images import lab as labs
from tests.provisioner import booting

IMAGE = "localhost/nbhosting/minimal-notebook"
TIMES = 10
NOTICES = 100
_STEP = 0.004
"""Seconds between two looks: fine enough not to be seen in the figure."""

_ONLY_ANSWERS = f"""
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

HTTPServer(("0.0.0.0", {labs.PORT}), Answer).serve_forever()
"""
_FLOOR = ("/opt/venv/bin/python", "-c", _ONLY_ANSWERS)


class _Start(NamedTuple):
    """Seconds to the first answer."""

    asked: float
    """Since podman was asked to start the container."""

    started: float
    """Since it said that it had."""


async def figures(socket: Path, folder: Path) -> list[Figure]:
    """In turn, so that all meet the same machine."""
    commands = {"lean": labs.COMMAND, "stock": labs.STOCK, "floor": _FLOOR}
    taken: dict[str, list[_Start]] = {name: [] for name in commands}
    for turn in range(TIMES):
        for name, command in commands.items():
            taken[name].append(await _start(socket, folder / f"{turn}-{name}", command))
    lean = [start.started for start in taken["lean"]]
    asked = statistics.median(start.asked for start in taken["lean"])
    stock = statistics.median(start.started for start in taken["stock"])
    said = f"{spread(lean)}; since podman was asked {asked:.3g}, Jupyter's own start {stock:.3g}"
    idle = at_most(
        "an idle lab answers after its container's start, p50",
        median(lean),
        0.65,
        unit="s",
        floor=median(start.started for start in taken["floor"]),
        spread=said,
    )
    return [idle, await _noticed()]


async def _start(socket: Path, folder: Path, command: Sequence[str]) -> _Start:
    async with labs.created(socket, IMAGE, folder, command=command) as new:
        asked = time.perf_counter()
        address = await new.start()
        started = time.perf_counter()
        await eventually(lambda: new.answers(address), within=60, pause=_STEP)
        return _Start((now := time.perf_counter()) - asked, now - started)


async def _noticed() -> Figure:
    """How long after it could have answered; the floor is a request to what has answered."""
    lags, requests = [], []
    with tempfile.TemporaryDirectory() as folder:
        async with readiness.noticing() as noticing:
            for n in range(NOTICES):
                async with booting.server(Path(folder, str(n))) as server:
                    # at other points of the pauses between two looks each time
                    lags.append(await booting.lag(noticing, server, 0.02, 0.08 + n * 0.0007))
                    requests.append(await booting.request(noticing, server))
    return at_most(
        "a lab's first answer is noticed after, p50",
        median(lags) * 1e3,
        10,
        unit="ms",
        floor=median(requests) * 1e3,
        spread=spread(lags, 1e3),
    )
