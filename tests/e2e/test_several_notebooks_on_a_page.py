"""A lesson with several notebooks: one lab, a page that stays where it is, frames that fit."""

from functools import partial

import pytest
from playwright.async_api import expect

from nbh_cli import snippet
from nbh_kit.testing import eventually
from tests.e2e.browser import Notebook

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

_WORD = """(number) => window[number].postMessage("nbh-height", "*")"""
_LISTEN = """() => {
  window.told = [];
  addEventListener("message", ({ data }) => window.told.push(data));
}"""


def pasted(system, course, notebook, student):
    """What `nbh snippet` prints, with its links."""
    url = system.link(course, notebook, student)
    rescue = snippet.rescue_of(system.url, url.removeprefix(system.url))
    return snippet.text(notebook, url, rescue=rescue, language="en")


@pytest.fixture
async def lesson(system, platform):
    """A page of three notebooks; the third, of another course, is far below."""
    await system.new_course("below")
    parts = [
        pasted(system, "lesson", "w1/first", "mia"),
        pasted(system, "lesson", "w1/second.py", "mia"),
        "<p style='height: 6000px'>much to read</p>",
        pasted(system, "below", "w1/first", "mia"),
    ]
    return platform.shows("several", "<input id='field'>" + "".join(parts))


async def test_they_share_a_lab_keep_still_fit_and_start_when_they_are_seen(
    system, lesson, student_browser, tmp_path
):
    async with student_browser("profile") as context:
        page = await context.new_page()
        await page.goto(lesson)
        await page.locator("#field").focus()
        frames = page.locator("iframe.nbh-notebook")
        first, second = (Notebook(frames.nth(at).content_frame) for at in (0, 1))
        await first.shown()
        await second.shown()
        await page.screenshot(path=tmp_path / "several.png")
        capabilities = {f.url.split("/")[3] for f in page.frames if "/notebooks/" in f.url}
        assert len(capabilities) == 1

        # each is as high as its notebook
        async def fits(at):
            last = frames.nth(at).content_frame.locator(".jp-Cell").last
            left = await last.evaluate("e => innerHeight - e.getBoundingClientRect().bottom")
            return 0 <= left < 120

        for at in (0, 1):
            await eventually(partial(fits, at), within=30)

        # nobody came yet: the page is where it was
        assert await page.evaluate("scrollY") == 0
        assert await page.evaluate("document.activeElement.id") == "field"

        # who comes can work
        assert await first.run() == "hello from the course"
        assert await second.run() == "42"
        before = (await frames.nth(0).bounding_box())["height"]
        await first.write("for n in range(40): print(n)")
        await first.begin()
        await first.prints("39")

        async def grew():
            box = await frames.nth(0).bounding_box()
            return box["height"] > before + 300

        await eventually(grew, within=20)
        await page.screenshot(path=tmp_path / "grown.png", full_page=True)

        assert [lab.course for lab in await system.labs() if lab.student == "mia"] == ["lesson"]
        assert await frames.nth(2).get_attribute("src") is None
        await frames.nth(2).scroll_into_view_if_needed()
        await Notebook(frames.nth(2).content_frame).shown()
        assert {lab.course for lab in await system.labs() if lab.student == "mia"} == {
            "lesson",
            "below",
        }


async def test_a_platform_that_is_not_known_hears_nothing(system, platform, student_browser):
    url = system.link("lesson", "w1/first", "noe")
    async with student_browser("profile") as context:
        page = await context.new_page()
        alike = platform.origin.replace("http:", "https:")
        known = {"origins": ["https://lms.example.org", alike]}
        await page.route("**/-/platforms", lambda route: route.fulfill(json=known))
        await page.goto(platform.lesson("unknown", [url]))
        await Notebook(page.frame_locator("[name=frame0]")).shown()
        await page.evaluate(_LISTEN)
        async with page.expect_response("**/-/platforms"):
            await page.evaluate(_WORD, 0)
        known["origins"].append(platform.origin)

        # the first question was answered by nothing, or this would not be the only answer
        async def told():
            await page.evaluate(_WORD, 0)
            return await page.evaluate("window.told")

        first = (await eventually(told))[0]
        assert first["nbh-height"] > 100
        # a frame beside it is not the page around it
        await page.evaluate("() => { window.told = []; }")
        await page.evaluate(
            """() => {
              const frame = document.body.appendChild(document.createElement("iframe"));
              frame.contentWindow.eval(
                `addEventListener("message", ({ data }) => parent.told.push(["overheard", data]));
                 parent[0].postMessage("nbh-height", "*");`
              );
            }"""
        )
        again = await eventually(told)
        assert "overheard" not in str(again)


async def test_who_comes_by_keyboard_is_in_the_notebook(system, platform, student_browser):
    html = pasted(system, "lesson", "w1/first", "pia")
    async with student_browser("profile") as context:
        page = await context.new_page()
        await page.goto(platform.shows("keyboard", f"<button>before</button>{html}"))
        frame = page.locator("iframe.nbh-notebook")
        await Notebook(frame.content_frame).shown()
        await page.locator("button").focus()
        await frame.evaluate("frame => frame.focus()")
        await page.keyboard.press("Escape")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Shift+Enter")
        output = frame.content_frame.locator(".jp-OutputArea-output")
        await expect(output.first).to_contain_text("hello from the course", timeout=20_000)
