"""Each setting of a course alone, in both front ends: one lab, whose page is read anew with each.

How a course's file gets into its labs is seen in test_the_page_of_a_learner.py; here the settings
are written where a student's own are, which stand over the course's.
"""

from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from nbh_kit.testing import eventually
from tests.e2e.browser import browser
from tests.e2e.learner import LearnersPage

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

NOTEBOOK, LAB = "notebooks", "lab/tree"
ALWAYS = ["Save", "Help"]

WISH = """async (wished) => {
  const [lab] = location.pathname.match(/^\\/\\d+/);
  const url = `${lab}/lab/api/settings/nbh-notebook:plugin`;
  const body = JSON.stringify({ raw: JSON.stringify(wished) });
  const answer = await fetch(url, { method: "PUT", body });
  if (!answer.ok) throw new Error(await answer.text());
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def wishing(system, learners_courses, tmp_path_factory):
    """Shows the lesson in a front end with settings: ``await wishing(LAB, launcher=True)``."""
    profile = tmp_path_factory.mktemp("browser") / "profile"
    async with browser(profile, ports=(system.port,)) as context:
        page = await LearnersPage(await context.new_page()).open(
            system.link("learner", "w1/loops", "uma")
        )

        async def wished(front_end, **settings):
            await page.page.evaluate(WISH, {"menu": ["save", "help"], **settings})
            at = urlsplit(page.page.url)
            lab = at.path.split("/")[1]
            await page.page.goto(at._replace(path=f"/{lab}/{front_end}/w1/loops.md").geturl())
            await page.text().wait_for()
            await page.opener.wait_for()
            return page

        yield wished


@pytest.mark.parametrize(
    ("front_end", "setting", "entry", "what"),
    [
        (LAB, "launcher", "New launcher", ".jp-Launcher"),
        (LAB, "palette", "All commands…", ".lm-CommandPalette"),
        (NOTEBOOK, "palette", "All commands…", ".lm-CommandPalette"),
    ],
)
async def test_one_thing_more_is_in_the_menu(wishing, front_end, setting, entry, what):
    page = await wishing(front_end, **{setting: True})
    await has_in_menu(page, [*ALWAYS, entry])
    assert not await page.page.locator(what).first.is_visible()
    await page.entries.filter(has_text=entry).click()
    await page.page.locator(what).first.wait_for()


async def test_the_files_are_beside_the_notebook_in_jupyterlab(wishing):
    page = await wishing(LAB, fileBrowser=True)
    await page.page.locator(".jp-SideBar.jp-mod-left").wait_for()
    await has_in_menu(page, [*ALWAYS, "My files"])
    files = page.page.locator(".jp-FileBrowser")
    # whether they were open, JupyterLab remembers
    then = "hidden" if await files.is_visible() else "visible"
    await page.entries.filter(has_text="My files").click()
    await files.wait_for(state=then)


async def test_the_files_are_in_a_page_of_their_own_in_notebook(wishing):
    page = await wishing(NOTEBOOK, fileBrowser=True)
    await has_in_menu(page, [*ALWAYS, "My files"])
    async with page.page.context.expect_page() as opening:
        await page.entries.filter(has_text="My files").click()
    files = await opening.value
    await files.locator(".jp-DirListing-item").filter(has_text="w1").wait_for()
    await files.close()


async def test_the_tools_are_those_that_it_names(wishing):
    page = await wishing(NOTEBOOK, toolbar=["cut", "run"])
    tools = page.page.locator(".jp-NotebookPanel-toolbar > [data-jp-item-name]:visible")

    async def names():
        shown = [await tool.get_attribute("data-jp-item-name") for tool in await tools.all()]
        return sorted(set(shown) - {"spacer", "toolbar-popup-opener"}) == ["cut", "run"]

    await eventually(names)


async def test_help_is_the_courses_own(system, wishing):
    theirs = f"{system.url}/help-of-the-course"
    page = await wishing(NOTEBOOK, help=theirs)
    await has_in_menu(page, ALWAYS)
    async with page.page.context.expect_page() as opening:
        await page.entries.filter(has_text="Help").click()
    shown = await opening.value
    assert shown.url == theirs
    assert await page.dialog.count() == 0
    await shown.close()


async def has_in_menu(page, entries):
    """The menu is open, and has these, once the page has heard of its settings."""

    async def is_so():
        await page.page.keyboard.press("Escape")
        # between what is ours and what is Jupyter's there is a line
        return [entry for entry in await page.menu() if entry] == entries

    await eventually(is_so, within=30)
