"""A student whose cell takes all memory reads so beside the cell, and goes on (R-16, L11)."""

import pytest

from nbh_kit.testing import eventually
from tests.e2e.browser import Notebook

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

ALL_MEMORY = "import os; taken = [os.urandom(2**20) * 8 for _ in range(999)]"


async def test_a_cell_that_takes_all_memory_says_so(system, platform, student_browser):
    url = system.link("lesson", "w1/first", "vera")
    async with student_browser("profile") as context:
        page = await context.new_page()
        await page.goto(platform.lesson("lesson", [url]))
        notebook = await Notebook(page.frame_locator("[name=frame0]")).shown()
        await notebook.write(ALL_MEMORY)
        await notebook.begin()
        await notebook.prints("your notebook server has used all of its memory, 1024 MiB")
        notice = page.frame_locator("[name=frame0]").locator(".nbh-Notice")
        await notice.filter(has_text="all of its memory, 1 GiB").wait_for()
        await notice.filter(has_text="the cell “import os; taken").wait_for()
        await notebook.confirm()  # Jupyter's own words: it appears to have died
        await notebook.shown()
        await notebook.write("print(6 * 7)")
        assert await notebook.run() == "42"
    (told,) = await eventually(lambda: system.events("lab.ran-short", student="vera"))
    assert (told["of"], told["limit"]) == ("memory", 1024**3)
    assert await system.events("lab.stopped", student="vera") == []
