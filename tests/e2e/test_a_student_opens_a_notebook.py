"""The main job in a real browser: a frame of another site, third-party cookies blocked."""

import asyncio
import os
import signal

import pytest

from nbh_kit.testing import eventually
from tests.e2e.browser import Notebook
from tests.e2e.courses import MYST
from tests.e2e.platform import platform as another

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]


async def opened(context, platform, *urls):
    """Open a lesson with these frames; return a notebook for each."""
    page = await context.new_page()
    await page.goto(platform.lesson("lesson", urls))
    frames = [page.frame_locator(f"[name=frame{n}]") for n in range(len(urls))]
    return page, [await Notebook(frame).shown() for frame in frames]


async def test_what_a_student_writes_is_there_when_they_come_back(
    system, platform, student_browser
):
    ada = system.link("lesson", "w1/first", "ada")
    async with student_browser("profile") as context:
        page, [notebook] = await opened(context, platform, ada)
        assert await notebook.run() == "hello from the course"
        await notebook.write("print('ada was here')")
        assert await notebook.run() == "ada was here"
        await notebook.save()
        await eventually(lambda: "ada was here" in system.file("ada", "lesson", "w1/first.md"))
        await page.reload()
        again = await Notebook(page.frame_locator("[name=frame0]")).shown()
        await again.shows("ada was here")
        assert await context.cookies() == []

    on_disk = system.path("ada", "lesson", "w1/first.md").stat()
    assert (on_disk.st_uid, on_disk.st_mode & 0o777) == (1000, 0o644)

    async with student_browser("other") as context:
        bob = system.link("lesson", "w1/first", "bob")
        _, [notebook] = await opened(context, platform, bob)
        await notebook.shows("hello from the course")
    assert "ada was here" not in system.file("bob", "lesson", "w1/first.md")


async def test_two_frames_of_one_student_share_one_lab(system, platform, student_browser):
    urls = [system.link("lesson", name, "twin") for name in ("w1/first", "w1/second")]
    async with student_browser("profile") as context:
        _, [first, second] = await opened(context, platform, *urls)
        assert await first.run() == "hello from the course"
        assert await second.run() == "42"
    labs = [lab for lab in await system.labs() if lab.student == "twin"]
    assert len(labs) == 1
    assert len(await system.events("lab.starting", student="twin")) == 1
    assert len(await system.containers("lesson", "twin")) == 1


async def test_a_newer_version_of_the_course_leaves_the_students_copy_alone_until_a_reset(
    system, platform, student_browser
):
    course = await system.new_course("moving")
    url = system.link("moving", "w1/first", "cleo")
    async with student_browser("profile") as context:
        _, [notebook] = await opened(context, platform, url)
        await notebook.write("print('cleo was here')")
        await notebook.save()
        await eventually(lambda: "cleo was here" in system.file("cleo", "moving", "w1/first.md"))

        course.push({"w1/first.md": MYST.format(title="First", greeting="the second edition")})
        await system.pull("moving")
        _, [notebook] = await opened(context, platform, url)
        await notebook.shows("cleo was here")

        reset = system.link("moving", "w1/first", "cleo", action="reset")
        _, [notebook] = await opened(context, platform, reset)
        assert await notebook.run() == "the second edition"
    kept = [p for p in system.folder("cleo", "moving").glob("w1/*.md") if p.name != "first.md"]
    assert len(kept) == 1
    assert "cleo was here" in kept[0].read_text()


async def test_a_slow_start_shows_a_page_that_moves_on_by_itself(
    system, platform, student_browser
):
    url = system.link("lesson", "w1/first", "slow")
    provisioner = system.pid("provisioner")
    os.kill(provisioner, signal.SIGSTOP)
    try:
        async with student_browser("profile") as context:
            page = await context.new_page()
            await page.goto(platform.lesson("lesson", [url]))
            frame = page.frame_locator("[name=frame0]")
            await frame.locator("[aria-live]").first.wait_for()
            os.kill(provisioner, signal.SIGCONT)
            notebook = await Notebook(frame).shown()
            assert await notebook.run() == "hello from the course"
    finally:
        os.kill(provisioner, signal.SIGCONT)


async def test_without_javascript_the_page_moves_on_too(system, platform, student_browser):
    url = system.link("lesson", "w1/first", "plain")
    provisioner = system.pid("provisioner")
    os.kill(provisioner, signal.SIGSTOP)
    try:
        async with student_browser("profile", javascript=False) as context:
            page = await context.new_page()
            await page.goto(platform.lesson("lesson", [url]))
            await page.frame_locator("[name=frame0]").locator("[aria-live]").first.wait_for()
            os.kill(provisioner, signal.SIGCONT)
            await eventually(lambda: _frame_shows(page, "/notebooks/w1/first.md"), within=60)
    finally:
        os.kill(provisioner, signal.SIGCONT)


async def _frame_shows(page, path):
    await asyncio.sleep(0)
    return any(path in frame.url for frame in page.frames)


async def test_a_page_of_a_stranger_cannot_frame_a_notebook(system, student_browser):
    url = system.link("lesson", "w1/first", "framed")
    async with another() as stranger, student_browser("profile", stranger.port) as context:
        page = await context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        await page.goto(stranger.lesson("lesson", [url]))
        await eventually(lambda: any("frame-ancestors" in text for text in refused), within=30)
