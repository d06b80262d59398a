"""Who reloads a page of JupyterLab has their notebook again, and not a folder."""

from urllib.parse import urlsplit

import pytest

from tests.e2e.learner import LearnersPage

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

COURSE, STUDENT = "learner-lab", "rae"


async def test_a_reload_comes_back_to_the_notebook(
    system, platform, learners_courses, student_browser
):
    url = system.link(COURSE, "w1/loops", STUDENT)
    async with student_browser("profile") as context:
        # in a frame that nobody has come to, JupyterLab takes no document for the current one
        outer = await context.new_page()
        await outer.goto(platform.lesson("reloaded", [url]))
        await _is_at_the_notebook(outer.frame("frame0"))
        await outer.close()
        # a notebook that was open before is there before JupyterLab looks what is
        page = await context.new_page()
        await page.goto(url)
        await _is_at_the_notebook(page)
        await page.reload()
        await _is_at_the_notebook(page)


async def _is_at_the_notebook(where):
    """It is in the address, and whose it is, once JupyterLab has written there all it wants to."""
    page = LearnersPage(where)
    await page.opener.wait_for()
    # who leaves earlier leaves a kernel behind that nobody finds again
    await page.notebook.shown()
    await where.locator('.jp-BreadCrumbs-item[title="w1"]').wait_for(state="attached")
    address = urlsplit(where.url)
    assert address.path.endswith("/doc/tree/w1/loops.md")
    assert address.query == f"course={COURSE}&student={STUDENT}"
