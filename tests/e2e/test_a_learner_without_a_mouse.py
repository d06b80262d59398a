"""Each dialog and notice of a learner's page, by the keyboard alone and as a screen reader has it:
one page of one lab walks through all of them, in Notebook 7 and in JupyterLab."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from nbh_kit.testing import eventually
from nbh_proto import (
    LabRanShort,
    LabStopAnnounced,
    LabStopWithdrawn,
    WorkspaceHasRoom,
    WorkspaceNearlyFull,
    now,
)
from tests.e2e.asked import Asked
from tests.e2e.browser import browser, no_serious_finding
from tests.e2e.by_keyboard import (
    comes_to,
    goes_round,
    has_focus,
    in_a_cell,
    is_back_in_the_cell,
    is_on,
    is_open,
    on,
    take,
)
from tests.e2e.learner import IN_LAB, LESSON, LearnersPage, wishes

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

STUDENT = "kit"
MIB = 1024**2
WITH_A_FORMULA = LESSON.replace("Read this first.", "Read this first: $e^{i\\pi} = -1$.")
NOT_SAVED_MEANWHILE = {wishes("@jupyterlab/docmanager-extension:plugin"): '{"autosave": false}'}


@pytest.fixture(scope="module", params=["keyboard", "keyboard-lab"])
def course(request):
    """One in Notebook 7, one in JupyterLab."""
    return request.param


@pytest.fixture(scope="module")
def lab(course):
    """Whose lab it is, as services say it."""
    return {"node": "n", "course": course, "student": STUDENT}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def repository(system, course):
    """The course's, which one test changes."""
    made = await system.new_course(course)
    in_lab = {".nbhosting/nbhosting.yaml": IN_LAB} if course == "keyboard-lab" else {}
    made.push({"w1/loops.md": WITH_A_FORMULA, **NOT_SAVED_MEANWHILE, **in_lab})
    await system.pull(course)
    return made


@pytest.fixture(scope="module")
def asked(course):
    """Each address that the page asked, and what it opened, since it was opened."""
    return Asked()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(system, course, repository, asked, tmp_path_factory):
    """The one that all tests here look at, one after the other."""
    profile = tmp_path_factory.mktemp("browser") / "profile"
    async with browser(profile, ports=(system.port,)) as context:
        asked.listen(context)
        shown = LearnersPage(await context.new_page())
        yield await shown.open(system.link(course, "w1/loops", STUDENT))


@pytest.mark.parametrize(
    ("entry", "default"),
    [
        ("Reset to original", "Cancel"),
        ("Restart kernel", "Cancel"),
        ("My student id", "Close"),
        ("Help", "Close"),
    ],
)
async def test_what_the_menu_asks_or_says(page, tmp_path, entry, default):
    for key in ("Escape", "Enter"):
        await take(page, entry)
        await is_open(page, entry, default)
        if key == "Escape":
            await goes_round(page)
            await no_serious_finding(page.page)
            await page.page.screenshot(path=tmp_path / "dialog.png")
        await page.page.keyboard.press(key)
        await page.dialog.wait_for(state="detached")
        await has_focus(page.opener)


async def test_a_share_and_its_withdrawal(page):
    await take(page, "Share static version")
    await is_open(page, "Static version", "Close")
    await goes_round(page)
    await on(page, "Withdraw")
    await page.page.keyboard.press("Enter")
    await page.dialog.filter(has_text="never leads anywhere").wait_for()
    await is_open(page, "Static version", "Cancel")
    await on(page, "Withdraw")
    await page.page.keyboard.press("Enter")
    await page.dialog.filter(has_text="It is withdrawn").wait_for()
    await is_open(page, "Static version", "Close")
    await page.page.keyboard.press("Enter")
    await page.dialog.wait_for(state="detached")
    await has_focus(page.opener)


async def test_the_way_out_of_a_lab_that_is_stuck(page):
    stuck = page.header.get_by_role("button", name="Stuck?")
    await stuck.focus()
    async with page.page.context.expect_page() as opening:
        await page.page.keyboard.press("Enter")
    rescue = await opening.value
    await rescue.get_by_role("heading").filter(has_text="stuck").wait_for()
    await rescue.close()


async def test_a_lab_that_will_be_stopped_stays(system, page, lab, tmp_path):
    given = {**lab, "generation": 1, "reason": "idle"}
    stops_at = now() + timedelta(minutes=9)
    await in_a_cell(page)
    await system.bus.tell(LabStopAnnounced(**given, stops_at=stops_at))
    await comes_to(page, "stopped soon", "Stay", tmp_path)
    await page.page.keyboard.press("Enter")
    await is_back_in_the_cell(page)
    await system.bus.tell(LabStopWithdrawn(**given))


async def test_a_kernel_that_ran_out_of_memory_is_put_away(system, page, lab, tmp_path):
    await in_a_cell(page)
    short = {"of": "memory", "limit": 1024 * MIB, "times": 1}
    await system.bus.tell(LabRanShort(**lab, generation=1, **short))
    await comes_to(page, "all of its memory, 1 GiB", "Close", tmp_path)
    await page.page.keyboard.press("Enter")
    await is_back_in_the_cell(page)


async def test_what_takes_most_room_is_deleted(system, page, lab, tmp_path):
    await in_a_cell(page)
    large = system.path(STUDENT, lab["course"], "w1/large.bin")
    large.write_bytes(b"x" * MIB)
    share = {"of": "bytes", "taken": 95 * MIB, "limit": 100 * MIB}
    await system.bus.tell(WorkspaceNearlyFull(**lab, **share))
    await comes_to(page, "Your files take 95 MiB", "What takes most room?", tmp_path)
    await page.page.keyboard.press("Enter")
    await is_open(page, "What takes most room", "Close")
    await goes_round(page)
    await on(page, "Delete")
    await page.page.keyboard.press("Enter")
    await on(page, "Delete for good?")
    await page.page.keyboard.press("Enter")
    await eventually(lambda: is_on(page, "deleted"))
    assert not large.exists()
    await goes_round(page, begins_on=0)
    await page.page.keyboard.press("Escape")
    await page.dialog.wait_for(state="detached")
    await has_focus(page.notice.get_by_role("button", name="What takes most room?"))
    await page.page.keyboard.press("Tab")
    await page.page.keyboard.press("Enter")
    await is_back_in_the_cell(page)
    await system.bus.tell(WorkspaceHasRoom(**lab))


async def test_a_new_version_is_looked_at_and_passed_over(
    system, page, course, repository, tmp_path
):
    await in_a_cell(page)
    repository.push({"w1/loops.md": WITH_A_FORMULA.replace("hello from", "hello again from")})
    await system.pull(course)
    see = "See the difference"
    await comes_to(page, "The course has a new version", see, tmp_path)
    await page.page.keyboard.press("Enter")
    await is_open(page, "New version in the course", "Close")
    await no_serious_finding(page.page)
    await goes_round(page)
    await page.page.keyboard.press("Enter")
    await page.dialog.wait_for(state="detached")
    await has_focus(page.notice.get_by_role("button", name=see))
    for key in ("Tab", "Enter"):
        await page.page.keyboard.press(key)
    await is_open(page, "New version in the course", "Cancel")
    await page.page.keyboard.press("Escape")
    await page.dialog.wait_for(state="detached")
    await has_focus(page.notice.get_by_role("button", name="Take the course’s version"))
    for key in ("Tab", "Enter"):
        await page.page.keyboard.press(key)
    await is_back_in_the_cell(page)


async def test_nobody_else_is_asked(system, page, asked):
    await take(page, "Save")
    async with page.page.expect_download():
        await take(page, "Download")
    for entry, name in [
        ("Share static version", "Static version"),
        ("My student id", "My student id"),
        ("Help", "Help"),
    ]:
        await take(page, entry)
        await is_open(page, name, "Close")
        await page.page.keyboard.press("Escape")
        await page.dialog.wait_for(state="detached")
    await page.text().locator("mjx-container").wait_for()
    own = urlsplit(system.url).netloc
    assert {("http", own), ("ws", own)} == asked.whom()
    # what asks somebody else is seen, though nobody answers
    await page.page.evaluate("fetch('http://elsewhere.invalid/').catch(() => 0)")
    assert ("http", "elsewhere.invalid") in asked.whom()


async def test_what_a_lab_that_is_gone_has_not_saved_is_downloaded(system, page, course, tmp_path):
    await page.notebook.write("print('not saved')")
    await in_a_cell(page)
    await system.nbh("lab", "stop", course, STUDENT)
    await comes_to(page, "has stopped", "Download what is in this page", tmp_path)
    async with page.page.expect_download() as download:
        await page.page.keyboard.press("Enter")
    assert "not saved" in Path(await (await download.value).path()).read_text()
