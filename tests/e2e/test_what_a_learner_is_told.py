"""What a notebook's page tells at its foot: of its lab, the disk, a new version (L10, S-35)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from nbh_proto import LabStopAnnounced, LabStopWithdrawn, WorkspaceFull, WorkspaceNearlyFull, now
from tests.e2e.apart import Cable
from tests.e2e.browser import no_serious_finding
from tests.e2e.learner import LESSON

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

MIB = 1024**2


async def test_a_page_says_that_it_reconnects_that_its_lab_stops_and_that_it_is_gone(
    system, opened, student_browser
):
    course = "learner"
    cable = Cable()
    async with student_browser("profile", cable=cable) as context:
        page = await opened(context, course, "lea")
        notice = page.notice
        assert not await notice.is_visible()
        cable.pull()
        await reconnects(page)
        cable.plug_in()
        await notice.wait_for(state="hidden")

        [lab] = [
            lab for lab in await system.labs() if lab.student == "lea" and lab.course == course
        ]
        given = {"node": lab.node, "course": course, "student": "lea", "generation": 1}
        at = now() + timedelta(minutes=9)
        await system.bus.tell(LabStopAnnounced(**given, reason="idle", stops_at=at))
        await notice.filter(has_text="stopped soon").wait_for()
        assert re.match(r"8:\d\d", await notice.get_by_role("timer").inner_text())
        await page.notebook.write("print('still here')")
        await notice.get_by_role("button", name="Stay").click()
        await notice.wait_for(state="hidden")
        assert "still here" in system.file("lea", course, "w1/loops.md")
        await system.bus.tell(LabStopWithdrawn(**given, reason="idle"))

        await page.notebook.write("print('not saved')")
        await system.nbh("lab", "stop", course, "lea")
        await notice.filter(has_text="has stopped").wait_for()
        async with page.page.expect_download() as download:
            await notice.get_by_role("button", name="Download").click()
        assert "not saved" in Path(await (await download.value).path()).read_text()


async def test_jupyterlab_too_leaves_it_to_the_line_at_the_foot(opened, student_browser):
    cable = Cable()
    async with student_browser("profile", cable=cable) as context:
        page = await opened(context, "learner-lab", "lou")
        cable.pull()
        await reconnects(page)
        cable.plug_in()
        await page.notice.wait_for(state="hidden")


async def reconnects(page):
    """Wait until it says so, and Jupyter has noticed too: it would have opened its dialog."""
    async with page.page.expect_event("requestfailed", lambda r: "/api/sessions" in r.url):
        await page.notice.filter(has_text="Reconnecting").wait_for()
    await page.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert await page.page.locator(".jp-Dialog").count() == 0


async def test_who_has_little_room_sees_what_takes_it_and_deletes(
    system, opened, student_browser, tmp_path
):
    work = system.folder("mia", "learner")
    async with student_browser("profile", width=360, height=640) as context:
        page = await opened(context, "learner", "mia")
        for name, size in (("w1/large.bin", 3 * MIB), ("w1/small.bin", MIB)):
            (work / name).write_bytes(b"x" * size)
        share = {"of": "bytes", "taken": 95 * MIB, "limit": 100 * MIB}
        given = {"node": "n", "course": "learner", "student": "mia"}
        await system.bus.tell(WorkspaceNearlyFull(**given, **share))
        await page.is_told("Your files take 95 MiB; they may take 100 MiB.")
        await page.do("What takes most room?")
        rows = page.dialog.get_by_role("row")
        assert "w1/large.bin" in await rows.first.inner_text()
        assert "3\u00a0MiB" in await rows.first.inner_text()
        await no_serious_finding(page.page)
        await page.page.screenshot(path=tmp_path / "biggest.png")
        await page.dialog.get_by_role("button", name="Delete w1/large.bin").click()
        await page.dialog.get_by_role("button", name="Delete for good? w1/large.bin").click()
        await rows.first.filter(has_text="deleted").wait_for()
        assert not (work / "w1/large.bin").exists()
        await page.answer("Close")
        await page.do("Close")
        await page.notice.wait_for(state="hidden")
        await system.bus.tell(WorkspaceFull(**given, **share))
        await page.is_told("no room left")


async def test_who_has_an_older_version_sees_the_difference_and_decides(
    system, opened, student_browser, tmp_path
):
    repository = await system.new_course("changing")
    repository.push({"w1/loops.md": LESSON})
    await system.pull("changing")
    copy = system.folder("ned", "changing") / "w1/loops.md"

    async def publish(greeting):
        repository.push({"w1/loops.md": LESSON.replace("hello from the course", greeting)})
        await system.pull("changing")

    async with student_browser("profile") as context:
        page = await opened(context, "changing", "ned")
        await page.notebook.write("print('mine')")
        await publish("hello anew")
        await page.is_told("The course has a new version of this notebook.")
        await page.do("See the difference")
        shown = page.dialog.get_by_role("region")
        await shown.wait_for()
        assert await shown.locator("del").all_inner_texts() == ["- print('mine')"]
        assert await shown.locator("ins").all_inner_texts() == ['+ print("hello anew")']
        await no_serious_finding(page.page)
        await page.page.screenshot(path=tmp_path / "difference.png")
        await page.answer("Keep mine")
        await page.notice.wait_for(state="hidden")
        assert "print('mine')" in copy.read_text()

        await publish("hello once more")
        await page.is_told("The course has a new version of this notebook.")
        await page.page.screenshot(path=tmp_path / "newer.png")
        await page.do("Take the course’s version")
        await page.answer("Take the course’s version")
        await page.page.wait_for_event("load")
        await page.notebook.shows("hello once more")
    [kept] = copy.parent.glob("loops.kept-*")
    assert "print('mine')" in kept.read_text()
