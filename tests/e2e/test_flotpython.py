"""A real course, as it is: the MOOC "Python : des fondamentaux à l'utilisation du langage"."""

import os
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.browser import Notebook

BUNDLE = Path(
    os.environ.get("NBH_COURSES", REPOSITORY.parent / "shared" / "courses"), "flotpython.bundle"
)

pytestmark = [
    pytest.mark.podman,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.browser,
    pytest.mark.skipif(not BUNDLE.exists(), reason=f"there is no {BUNDLE}"),
]


async def test_the_first_notebook_opens_and_its_first_cell_runs(system, platform, student_browser):
    await system.create_course("flotpython", BUNDLE, image="nbhosting/scipy-notebook")
    url = system.link("flotpython", "w1/w1-s1-c1-versions-python", "ada")
    async with student_browser("profile") as context:
        page = await context.new_page()
        await page.goto(platform.lesson("versions", [url]))
        notebook = await Notebook(page.frame_locator("[name=frame0]")).shown()
        assert "sys.version_info(major=3" in await notebook.run()
