"""Jupyter hangs, or is gone: a learner restarts, downloads, reads, reports, and is helped."""

import re
import zipfile
from pathlib import Path

import psutil
import pytest

from nbh_kit.testing import eventually
from tests.e2e.browser import Notebook, no_serious_finding

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_learner_whose_jupyter_hangs_gets_at_their_work_and_goes_on(
    system, platform, student_browser, tmp_path
):
    url = system.link("lesson", "w1/first", "rae")
    async with student_browser("profile") as context:
        page = await context.new_page()
        await page.goto(platform.lesson("stuck", [url]))
        frame = page.frame_locator("[name=frame0]")
        notebook = await Notebook(frame).shown()
        await notebook.write("print('saved ' + 'by Rae')")
        await notebook.save()
        await eventually(
            lambda: "by Rae" in system.file("rae", "lesson", "w1/first.md"), within=20
        )
        [container] = await system.containers("lesson", "rae")
        for process in psutil.Process(container["Pid"]).children(recursive=True):
            process.suspend()

        async with context.expect_page() as opening:
            await frame.locator(".nbh-Stuck").click()
        rescue = await opening.value
        await rescue.get_by_role("heading").filter(has_text="stuck").wait_for()
        await no_serious_finding(rescue)
        await rescue.screenshot(path=tmp_path / "rescue.png")
        await rescue.set_viewport_size({"width": 320, "height": 640})
        assert await rescue.evaluate("document.documentElement.scrollWidth") <= 320
        await rescue.screenshot(path=tmp_path / "rescue-phone.png", full_page=True)

        async with rescue.expect_download() as download:
            await rescue.get_by_role("link", name="Download this notebook").click()
        got = await download.value
        assert got.suggested_filename == "first.md"
        assert "by Rae" in Path(await got.path()).read_text()
        async with rescue.expect_download() as download:
            await rescue.get_by_role("link", name="Download all my work").click()
        with zipfile.ZipFile(await (await download.value).path()) as archive:
            assert b"by Rae" in archive.read("lesson/w1/first.md")

        await rescue.get_by_label("What happened?").fill("nothing answers")
        await rescue.keyboard.press("Tab")
        await rescue.keyboard.press("Enter")
        code = rescue.get_by_role("status").locator("code")
        reported = await code.inner_text()
        [event] = await eventually(
            lambda: system.events("trouble.reported", report=reported), within=10
        )
        assert (event["student"], event["words"]) == ("rae", "nothing answers")

        await rescue.get_by_role("button", name="Go on reading").click()
        await rescue.wait_for_url(re.compile(r"/snapshots/[0-9a-f]{32}\.html$"))
        await rescue.get_by_text("by Rae").first.wait_for()
        assert await rescue.evaluate("self.origin") == "null"
        await rescue.go_back()

        await rescue.get_by_role("button", name="Restart my notebook server").click()
        fresh = await Notebook(rescue).shown()
        await fresh.shows("by Rae")
        assert await fresh.run() == "saved by Rae"


async def test_who_finds_the_lab_gone_is_led_to_their_work(
    system, platform, student_browser, tmp_path
):
    url = system.link("lesson", "w1/second.py", "sol")
    async with student_browser("profile", width=360, height=640, locale="fr-FR") as context:
        page = await context.new_page()
        await page.goto(platform.lesson("gone", [url]))
        frame = page.frame_locator("[name=frame0]")
        await Notebook(frame).shown()
        await system.nbh("lab", "stop", "lesson", "sol")
        inner = next(f for f in page.frames if "/notebooks/" in f.url)
        there = inner.url
        await inner.evaluate("url => location.replace(url)", there)
        await frame.get_by_role("link", name="Accéder à mon travail").click()
        await frame.get_by_role("heading", name="bloqué").wait_for()
        await page.screenshot(path=tmp_path / "gone.png")
        await frame.get_by_role("button", name="Redémarrer mon serveur").click()
        notebook = await Notebook(frame).shown()
        assert await notebook.run() == "42"
