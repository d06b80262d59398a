"""From a click to what the first cell prints, in Chromium: a lab of the pool that had time to
rehearse, beside plain Notebook 7 that runs already, both in the same run. Plain Notebook is told
twice: where it has never been opened, as ours, and where it has been, which is the floor."""

import time
from functools import partial
from pathlib import Path

from playwright.async_api import Page

from nbh_kit.testing import eventually
from nbh_proto import new_id
from tests.bench import pool
from tests.bench.calm import until_calm
from tests.bench.figures import Figure, at_most, median, spread
from tests.bench.learner import IMAGE, PLAIN, WITHOUT
from tests.e2e.browser import KERNEL_IS_IDLE, browser
from tests.e2e.courses import MYST
from tests.images import lab as labs

TIMES = 8

_NOTEBOOK = {"first.md": MYST.format(title="First", greeting="hello from the course")}
"""What the small course has."""


async def figures(system, folder: Path) -> list[Figure]:
    """One click at a time."""
    fresh, plain = await _plain(system.config.podman_socket, folder)
    try:
        clicks = await _clicks(system, folder)
    finally:
        await pool.stock(system, 0)
    return [
        at_most(
            "click to the first cell's output in Chromium, from the pool, p50",
            median(clicks),
            2.0,
            unit="s",
            floor=median(plain),
            spread=f"{spread(clicks)}; plain Notebook {spread(plain)}, new {median(fresh):.2f}",
        )
    ]


async def _clicks(system, folder: Path) -> list[float]:
    await pool.stock(system, 2)
    taken = []
    for turn in range(TIMES):
        await pool.rehearsed(system, 2)
        await until_calm()
        student = f"first-{new_id()[:8]}"
        url = system.link("lesson", "w1/first", student)
        async with browser(folder / f"ours-{turn}", ports=(system.port,)) as context:
            taken.append(await _seconds(await context.new_page(), url))
        await pool.end(system, [student])
    return taken


async def _plain(socket: Path, folder: Path) -> tuple[list[float], list[float]]:
    """In a lab that was never opened, and once more in each of these."""
    start = partial(labs.running, socket, IMAGE, files=_NOTEBOOK, given=WITHOUT, command=PLAIN)
    fresh, again = [], []
    for turn in range(TIMES):
        async with start(folder / f"plain-{turn}") as lab:
            fresh.append(await _plain_seconds(lab, folder / f"fresh-{turn}"))
            again.append(await _plain_seconds(lab, folder / f"again-{turn}"))
    return fresh, again


async def _plain_seconds(lab: labs.Lab, profile: Path) -> float:
    await until_calm()
    async with browser(profile) as context:
        await context.set_extra_http_headers(lab.headers)
        return await _seconds(await context.new_page(), f"{lab.url}notebooks/first.md")


async def _seconds(page: Page, url: str) -> float:
    began = time.perf_counter()
    await page.goto(url)
    cell = page.locator(".jp-CodeCell").first
    await cell.locator(".cm-content").wait_for()
    # a cell that is run before there is a kernel asks for one to be chosen
    await eventually(lambda: page.evaluate(KERNEL_IS_IDLE), within=60, pause=0.02)
    await cell.locator(".cm-content").click()
    await page.keyboard.press("Shift+Enter")
    await cell.locator(".jp-OutputArea-output").first.wait_for()
    return time.perf_counter() - began
