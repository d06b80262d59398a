"""What the learners' extension costs: its weight, a lab's boot and a page's readiness with it and,
as the floor, in the same image without it."""

import gzip
import tempfile
import time
from functools import partial
from pathlib import Path

from playwright.async_api import Page, async_playwright

from nbh_kit.testing import eventually
from tests.bench.figures import Figure, at_most, median, spread
from tests.e2e.browser import CHROMIUM
from tests.images import lab as labs

IMAGE = "localhost/nbhosting/minimal-notebook"
TIMES = 12
_STEP = 0.004
_FOLDER = "/opt/venv/share/jupyter/labextensions/nbh-notebook"
_NOT_BUILT = '{"name": "nbh-notebook", "version": "0", "jupyterlab": {}}'
WITHOUT = {f"{_FOLDER}/package.json": _NOT_BUILT}
"""Jupyter passes over an extension that was not built."""

PLAIN = labs.STOCK
"""Jupyter's own start."""

_NOTEBOOK = {"a.md": "# A\n\n```python\n1\n```\n"}


async def figures(socket: Path, folder: Path) -> list[Figure]:
    """In turn, so that all meet the same machine."""
    boots: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(TIMES):
        for has_it, taken in boots.items():
            taken.append(await _boot(socket, folder / f"{turn}-{has_it}", has_it))
    pages = await _pages(socket, folder)
    return [
        await _weight(socket, folder / "weight"),
        _added("the learners' extension adds to a lab's boot, p50", boots, 20),
        _added("the learners' extension adds until a notebook is drawn, p50", pages, 50),
    ]


def _added(name: str, taken: dict[bool, list[float]], goal: float) -> Figure:
    floor = median(taken[False]) * 1e3
    return at_most(
        name,
        median(taken[True]) * 1e3 - floor,
        goal,
        unit="ms",
        floor=floor,
        spread=spread(taken[True], 1e3),
    )


async def _boot(socket: Path, folder: Path, has_it: bool) -> float:
    given = {} if has_it else WITHOUT
    async with labs.created(socket, IMAGE, folder, given=given) as new:
        address = await new.start()
        began = time.perf_counter()
        await eventually(lambda: new.answers(address), within=60, pause=_STEP)
        return time.perf_counter() - began


async def _weight(socket: Path, folder: Path) -> Figure:
    async with labs.running(socket, IMAGE, folder) as lab:
        sent = await lab.run("sh", "-c", f"cat {_FOLDER}/static/*.js {_FOLDER}/schemas/*/*.json")
    weight = len(gzip.compress(sent.encode())) / 1024
    return at_most("the learners' extension weighs, gzipped", weight, 60, unit="KiB", floor=None)


async def _pages(socket: Path, folder: Path) -> dict[bool, list[float]]:
    taken: dict[bool, list[float]] = {True: [], False: []}
    start = partial(labs.running, socket, IMAGE, files=_NOTEBOOK)
    async with (
        start(folder / "with") as with_it,
        start(folder / "without", given=WITHOUT) as without,
    ):
        for _ in range(TIMES):
            taken[True].append(await _drawn(with_it))
            taken[False].append(await _drawn(without))
    return taken


async def _drawn(lab: labs.Lab) -> float:
    """Seconds from a browser's request until the cells are there."""
    with tempfile.TemporaryDirectory() as profile:
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                profile,
                executable_path=CHROMIUM,
                headless=True,
                chromium_sandbox=False,
                args=["--disable-gpu", "--no-first-run", "--disable-background-networking"],
                extra_http_headers=lab.headers,
            )
            try:
                return await _seconds(await context.new_page(), lab)
            finally:
                await context.close()


async def _seconds(page: Page, lab: labs.Lab) -> float:
    began = time.perf_counter()
    await page.goto(f"{lab.url}notebooks/a.md")
    await page.locator(".jp-CodeCell .cm-content").first.wait_for()
    return time.perf_counter() - began
