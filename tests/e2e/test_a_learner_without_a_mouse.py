"""Each dialog and notice of a learner's page, by the keyboard alone and as a screen reader has it:
one page of one lab walks through all of them."""

from datetime import timedelta
from pathlib import Path

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
from tests.e2e.browser import browser, no_serious_finding
from tests.e2e.learner import LESSON, LearnersPage

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

COURSE, STUDENT = "keyboard", "kit"
LAB = {"node": "n", "course": COURSE, "student": STUDENT}
MIB = 1024**2

FOCUSED = """() => {
  const { activeElement: e } = document;
  return e.closest(".jp-Dialog") && (e.innerText || e.ariaLabel || e.className);
}"""
"""What has the focus in a dialog; null if it is not in one."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def repository(system):
    """The course's, which one test changes."""
    made = await system.new_course(COURSE)
    made.push({"w1/loops.md": LESSON})
    await system.pull(COURSE)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(system, repository, tmp_path_factory):
    """The one that all tests here look at, one after the other."""
    profile = tmp_path_factory.mktemp("browser") / "profile"
    async with browser(profile, ports=(system.port,)) as context:
        shown = LearnersPage(await context.new_page())
        yield await shown.open(system.link(COURSE, "w1/loops", STUDENT))


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


async def test_a_lab_that_will_be_stopped_stays(system, page, tmp_path):
    given = {**LAB, "generation": 1, "reason": "idle"}
    stops_at = now() + timedelta(minutes=9)
    await in_a_cell(page)
    await system.bus.tell(LabStopAnnounced(**given, stops_at=stops_at))
    await comes_to(page, "stopped soon", "Stay", tmp_path)
    await page.page.keyboard.press("Enter")
    await is_back_in_the_cell(page)
    await system.bus.tell(LabStopWithdrawn(**given))


async def test_a_kernel_that_ran_out_of_memory_is_put_away(system, page, tmp_path):
    await in_a_cell(page)
    short = {"of": "memory", "limit": 1024 * MIB, "times": 1}
    await system.bus.tell(LabRanShort(**LAB, generation=1, **short))
    await comes_to(page, "all of its memory, 1 GiB", "Close", tmp_path)
    await page.page.keyboard.press("Enter")
    await is_back_in_the_cell(page)


async def test_what_takes_most_room_is_deleted(system, page, tmp_path):
    await in_a_cell(page)
    large = system.path(STUDENT, COURSE, "w1/large.bin")
    large.write_bytes(b"x" * MIB)
    share = {"of": "bytes", "taken": 95 * MIB, "limit": 100 * MIB}
    await system.bus.tell(WorkspaceNearlyFull(**LAB, **share))
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
    await system.bus.tell(WorkspaceHasRoom(**LAB))


async def test_a_new_version_is_looked_at_and_passed_over(system, page, repository, tmp_path):
    await in_a_cell(page)
    repository.push({"w1/loops.md": LESSON.replace("hello from the course", "hello anew")})
    await system.pull(COURSE)
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


async def test_what_a_lab_that_is_gone_has_not_saved_is_downloaded(system, page, tmp_path):
    await page.notebook.write("print('not saved')")
    await in_a_cell(page)
    await system.nbh("lab", "stop", COURSE, STUDENT)
    await comes_to(page, "has stopped", "Download what is in this page", tmp_path)
    async with page.page.expect_download() as download:
        await page.page.keyboard.press("Enter")
    assert "not saved" in Path(await (await download.value).path()).read_text()


async def take(page, entry):
    """Open the menu and take an entry; the one that would be taken has the focus."""
    keyboard = page.page.keyboard
    await page.opener.focus()
    await keyboard.press("Enter")
    await page.page.get_by_role("menu", name="Menu").wait_for()
    item = page.page.get_by_role("menuitem", name=entry)
    for _ in range(await page.entries.count()):
        if await item.evaluate("e => e === document.activeElement"):
            break
        await keyboard.press("ArrowDown")
    await keyboard.press("Enter")


async def is_open(page, name, default):
    """A dialog of this name, in which Enter takes the default."""
    dialog = page.page.get_by_role("dialog", name=name)
    await dialog.wait_for(timeout=30_000)
    assert await dialog.get_attribute("aria-modal") == "true"
    await eventually(lambda: is_on(page, default))


async def is_on(page, text):
    """Whether this has the focus, in a dialog."""
    return await page.page.evaluate(FOCUSED) == text


async def goes_round(page, *, begins_on=1):
    """Tab leads through all of a dialog and back to where it began; Shift + Tab as well.

    Args:
        begins_on: 0 if what has the focus is nothing that Tab leads to.
    """
    for key in ("Tab", "Shift+Tab"):
        if not begins_on:
            await page.page.keyboard.press("Tab")
            begins_on = 1
        first, passed = await page.page.evaluate(FOCUSED), []
        while first not in passed:
            await page.page.keyboard.press(key)
            now_on = await page.page.evaluate(FOCUSED)
            assert now_on is not None
            assert now_on not in passed, f"{now_on} comes before {first}"
            passed.append(now_on)
        assert len(passed) == await page.dialog.locator("button, input, [tabindex='0']").count()


async def on(page, text):
    """Go to this in the dialog that is open."""
    for _ in range(20):
        if await is_on(page, text):
            return
        await page.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {text}")


async def in_a_cell(page):
    """Somebody is in a cell, and nothing is told: what will be, a screen reader waits for."""
    await page.notebook.code().locator(".cm-content").click()
    await page.page.keyboard.press("Escape")
    await page.notice.wait_for(state="hidden")
    assert await page.notice.get_by_role("status").count() == 1


async def comes_to(page, text, deed, tmp_path):
    """What is told is heard, gone to, left, and gone to again."""
    await page.is_told(text)
    assert text in " ".join((await page.notice.get_by_role("status").inner_text()).split())
    assert await page.page.get_by_role("region", name="Notice").count() == 1
    deeds = page.notice.get_by_role("button")
    assert await deeds.first.inner_text() == deed
    await no_serious_finding(page.page)
    await page.page.screenshot(path=tmp_path / "notice.png")
    for key in ("F8", "Escape", "F8"):
        await page.page.keyboard.press(key)
        await (is_in_the_cell(page) if key == "Escape" else has_focus(deeds.first))


async def is_back_in_the_cell(page):
    """What was told is away, and they are where they were."""
    await page.notice.wait_for(state="hidden")
    await is_in_the_cell(page)


async def is_in_the_cell(page):
    """Somebody is where keys are meant for the cell."""
    cell = page.page.locator(".jp-Cell.jp-mod-active")
    await eventually(lambda: cell.evaluate("e => e.contains(document.activeElement)"))


async def has_focus(one):
    """Wait until this has the focus."""
    await eventually(lambda: one.evaluate("e => e === document.activeElement"))
