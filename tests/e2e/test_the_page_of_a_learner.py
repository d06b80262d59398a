"""A notebook as learners see it, in Notebook 7 and in JupyterLab (U3 to U8, U10, U12, G16)."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from nbh_kit.testing import eventually
from nbh_proto import LabRanShort
from tests.e2e.browser import no_serious_finding
from tests.e2e.learner import LearnersPage

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

ENTRIES = [
    "Save",
    "Download",
    "Reset to original…",
    "Undo reset",
    "Share static version…",
    "My student id…",
    "Restart kernel…",
    "Help",
]
BOTH = pytest.mark.parametrize("course", ["learner", "learner-lab"])


@BOTH
async def test_a_learner_sees_a_title_a_menu_and_little_else(opened, student_browser, course):
    async with student_browser("profile") as context:
        page = await opened(context, course, "ada")
        assert await page.title.inner_text() == "Loops, and how to leave them"
        assert await page.header.locator(".nbh-Version").inner_text() == "version 2.1"
        assert await page.menu() == ENTRIES
        for what in ("#jp-MainMenu", "#top-panel-wrapper", ".jp-SideBar", ".jp-FileBrowser"):
            for each in await page.page.locator(what).all():
                assert not await each.is_visible(), what
        tools = page.page.locator(".jp-NotebookPanel-toolbar [data-jp-item-name]:visible")
        names = [await tool.get_attribute("data-jp-item-name") for tool in await tools.all()]
        assert set(names) >= {"run", "interrupt", "restart"}
        assert not {"cut", "cellType", "interfaceSwitcher", "kernelName"} & set(names)
        await page.page.keyboard.press("Escape")
        await page.page.keyboard.press("ControlOrMeta+Shift+c")
        await page.page.keyboard.press("ControlOrMeta+Shift+l")
        await page.page.keyboard.press("ControlOrMeta+b")
        out_of_reach = ".lm-CommandPalette:visible, .jp-Launcher:visible, .jp-FileBrowser:visible"
        assert await page.page.locator(out_of_reach).count() == 0
        assert await page.notebook.run() == "hello from the course"


@BOTH
async def test_text_stays_and_enter_goes_on(system, opened, student_browser, course):
    async with student_browser("profile") as context:
        page = await opened(context, course, "bea")
        await page.text().dblclick()
        assert await page.text().locator(".cm-content:visible").count() == 0
        await page.page.keyboard.press("Enter")
        await page.page.locator(".jp-CodeCell.jp-mod-active").wait_for()
        await page.page.keyboard.press("Enter")
        await page.page.keyboard.type("# mine ")
        await page.notebook.shows("# mine")
        assert await page.save.inner_text() == "Save"
        await page.save.click()
        await page.save.filter(has_text="Saved").wait_for()
        text = system.file("bea", course, "w1/loops.md")
        assert "# mine" in text
        assert "editable" not in text
        # somebody else, maybe another page of theirs, writes it too
        file = system.folder("bea", course) / "w1/loops.md"
        file.write_text(text.replace("Read this first", "Read this anew"))
        await page.notebook.write("# lost")
        await page.save.click()
        await page.answer("Revert")
        await page.text().filter(has_text="Read this anew").wait_for()
        await page.text().dblclick()
        assert await page.text().locator(".cm-content:visible").count() == 0


async def test_work_is_saved_by_itself(system, opened, student_browser):
    async with student_browser("profile") as context:
        page = await opened(context, "learner", "cleo")
        await page.notebook.write("print('not lost')")
        await page.save.filter(has_text=re.compile(r"^Save$")).wait_for()
        await page.save.filter(has_text="Saved").wait_for(timeout=30_000)
        assert "not lost" in system.file("cleo", "learner", "w1/loops.md")


@BOTH
async def test_a_reset_keeps_what_was_written_and_is_undone(
    system, opened, student_browser, course
):
    async with student_browser("profile") as context:
        page = await opened(context, course, "dan")
        await page.notebook.write("print('dan was here')")
        await page.choose("Reset to original")
        await page.answer("Cancel")
        await page.notebook.shows("dan was here")
        await page.choose("Reset to original")
        await page.answer("Reset")
        await page.page.wait_for_event("load")
        await page.notebook.shows("hello from the course")
        await page.opener.wait_for()
        kept = [p for p in system.folder("dan", course).glob("w1/*.md") if p.name != "loops.md"]
        assert any("dan was here" in path.read_text() for path in kept)
        await page.choose("Undo reset")
        await page.page.wait_for_event("load")
        await page.notebook.shows("dan was here")
        # a reload comes back to it, and knows whose it is
        await page.notebook.shown()
        assert page.page.url.endswith(f"/w1/loops.md?course={course}&student=dan")


@BOTH
async def test_a_static_version_is_shared_and_withdrawn(
    system, opened, student_browser, course, tmp_path
):
    async with student_browser("profile") as context:
        page = await opened(context, course, "kay")
        await page.choose("Share static version")
        link = page.dialog.get_by_role("textbox")
        await link.wait_for(timeout=30_000)
        url = await link.input_value()
        assert re.search(r"/snapshots/[0-9a-f]{32}\.html$", url)
        assert "hello from the course" in await _said_of(url)
        await no_serious_finding(page.page)
        await page.page.screenshot(path=tmp_path / f"share-{course}.png")
        await page.answer("Withdraw")
        await page.dialog.filter(has_text="never leads anywhere").wait_for()
        await page.answer("Withdraw")
        await page.dialog.filter(has_text="It is withdrawn").wait_for()
    assert "no longer" in await _said_of(url)
    assert url not in await system.nbh("share", "list")


async def _said_of(url):
    # what is no browser does not find names below localhost
    shared = urlsplit(url)
    async with httpx.AsyncClient(headers={"Host": shared.netloc}) as reader:
        return (await reader.get(f"http://127.0.0.1:{shared.port}{shared.path}")).text


@BOTH
async def test_a_notebook_is_downloaded_its_kernel_restarted_its_student_told(
    opened, student_browser, course
):
    async with student_browser("profile") as context:
        page = await opened(context, course, "eve")
        await page.notebook.write("x = 41; print(x)")
        assert await page.notebook.run() == "41"
        async with page.page.expect_download() as download:
            await page.choose("Download")
        got = await download.value
        assert got.suggested_filename == "loops.md"
        assert "x = 41" in Path(await got.path()).read_text()

        await page.choose("My student id")
        assert await page.dialog.get_by_role("textbox").input_value() == "eve"
        await page.answer("Close")

        await page.choose("Restart kernel")
        await page.answer("Restart")
        await page.notebook.shown()
        await page.notebook.write("print('x' in dir())")
        assert await page.notebook.run() == "False"


@BOTH
async def test_the_menu_needs_no_mouse(opened, student_browser, course):
    async with student_browser("profile") as context:
        page = await opened(context, course, "flo")
        keyboard = page.page.keyboard
        await page.opener.focus()
        await keyboard.press("Enter")
        await page.entries.first.wait_for()
        active = page.page.locator("#nbh-menu .lm-Menu-item.lm-mod-active")
        assert (await active.inner_text()).strip() == "Save"
        await keyboard.press("ArrowUp")
        assert (await active.inner_text()).strip() == "Help"
        await keyboard.press("Enter")
        await page.dialog.filter(has_text="Shift + Enter").wait_for()
        await keyboard.press("Escape")
        await page.dialog.wait_for(state="detached")
        await page.opener.focus()
        await keyboard.press("Enter")
        await page.entries.first.wait_for()
        await keyboard.press("Escape")
        await eventually(lambda: page.opener.evaluate("e => e === document.activeElement"))
        assert await page.opener.get_attribute("aria-expanded") == "false"


@BOTH
async def test_nothing_of_it_is_a_serious_obstacle(opened, student_browser, course):
    async with student_browser("profile") as context:
        page = await opened(context, course, "gus")
        await page.menu()
        await no_serious_finding(page.page)


@BOTH
async def test_it_fits_a_frame_on_a_phone(
    system, platform, learners_courses, student_browser, course, tmp_path
):
    frame = f'<body style="margin: 0"><iframe name="frame0" style="{_WHOLE}" src="{{}}"></iframe>'
    url = system.link(course, "w1/loops", "hal")
    async with student_browser("profile", width=360, height=640) as context:
        outer = await context.new_page()
        shown = frame.format(url.replace("&", "&amp;"))
        await outer.goto(platform.shows(f"phone-{course}", shown))
        page = LearnersPage(outer.frame("frame0"))
        await page.notebook.shown()
        await page.opener.wait_for()
        assert page.page.url.endswith(f"/w1/loops.md?course={course}&student=hal")
        await _nothing_is_out_of_reach(page, outer, tmp_path / "page.png")
        assert await page.menu() == ENTRIES
        await _nothing_is_out_of_reach(page, outer, tmp_path / "menu.png", ".lm-Menu-item")
        await outer.keyboard.press("Escape")
        assert await page.notebook.run() == "hello from the course"

        given = {"node": "n", "course": course, "student": "hal", "generation": 1}
        short = {"of": "memory", "limit": 1024**3, "times": 1}
        await system.bus.tell(LabRanShort(**given, **short))
        await page.is_told("all of its memory")
        assert await page.notebook.run(1) == "the end"
        await _nothing_is_out_of_reach(page, outer, tmp_path / "told.png")
        await page.choose("Reset to original")
        await page.dialog.wait_for()
        await _nothing_is_out_of_reach(page, outer, tmp_path / "dialog.png", ".jp-Dialog button")
        await page.answer("Cancel")


_WHOLE = "display: block; width: 100%; height: 640px; border: 0"
_TO_REACH = ".nbh-Header :is(h1, button), .jp-NotebookPanel-toolbar button, .nbh-Notice button"
_OUT_OF_REACH = """(all) => {
  const seen = [...document.querySelectorAll(all)].filter((e) => e.checkVisibility());
  const isThere = (e) => {
    const { left, right, top, bottom } = e.getBoundingClientRect();
    const at = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return left >= 0 && right <= innerWidth && e.contains(at);
  };
  return seen.length ? seen.filter((e) => !isThere(e)).map((e) => e.outerHTML) : [all];
}"""


async def _nothing_is_out_of_reach(page, outer, picture, what=_TO_REACH):
    await outer.screenshot(path=picture)
    assert await page.page.evaluate(_OUT_OF_REACH, what) == []
    assert await page.page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_keys_move_a_cell_and_its_buttons_are_gone_where_a_notebook_says_so(
    system, learners_courses, student_browser
):
    async with student_browser("profile") as context:
        page = LearnersPage(await context.new_page())
        await page.open(system.link("learner", "w1/still", "kim"))
        await page.notebook.code().locator(".cm-content").click()
        tools = page.notebook.code().locator(".jp-cell-toolbar [data-jp-item-name]")
        await tools.locator("visible=true").first.wait_for()
        shown = tools.locator("visible=true")
        names = {await tool.get_attribute("data-jp-item-name") for tool in await shown.all()}
        assert "delete-cell" in names
        assert not {"move-cell-up", "move-cell-down"} & names
        await page.page.keyboard.press("Escape")

        async def code_is_at(number):
            cells = page.page.locator(".jp-Cell")
            return "hello" in await cells.nth(number).inner_text()

        assert await code_is_at(1)
        await page.page.keyboard.press("Shift+D")
        await eventually(lambda: code_is_at(2))
        await page.page.keyboard.press("Shift+U")
        await eventually(lambda: code_is_at(1))


async def test_a_french_browser_reads_french(opened, student_browser):
    async with student_browser("profile", locale="fr-FR") as context:
        page = await opened(context, "learner", "ines")
        await page.save.filter(has_text="Enregistré").wait_for(timeout=30_000)
        assert (await page.menu())[2] == "Revenir à l’original…"


async def test_a_course_says_how_much_its_learners_see(system, opened, student_browser):
    async with student_browser("profile") as context:
        page = await opened(context, "learner-full", "jo")
        assert await eventually(page.menu) == ["Aide", "Enregistrer"]
        await page.page.keyboard.press("Escape")
        await page.page.locator("#jp-MainMenu").wait_for()
        await page.page.locator('[data-jp-item-name="cut"]').first.wait_for()
        await page.text().dblclick()
        await page.text().locator(".cm-content").wait_for()
