"""A student shares a notebook from within it, and somebody else reads the page (S13)."""

from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from nbh_kit.testing import eventually
from tests.e2e.browser import Notebook

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

_ASK = """async ([method, url]) => {
  const answer = await fetch(url, { method });
  return [answer.status, await answer.json()];
}"""


async def test_a_notebook_is_shared_read_and_withdrawn(
    system, platform, student_browser, tmp_path
):
    url = system.link("lesson", "w1/first", "ada")
    async with student_browser("ada") as context:
        page = await context.new_page()
        await page.goto(platform.lesson("lesson", [url]))
        notebook = await Notebook(page.frame_locator("[name=frame0]")).shown()
        await notebook.write("print('shared ' + 'by Ada')")
        await notebook.run()
        await notebook.save()
        await eventually(
            lambda: "by Ada" in system.file("ada", "lesson", "w1/first.md"), within=20
        )
        frame = next(f for f in page.frames if "/notebooks/" in f.url)
        # as the public extension does it, with the path of its own address
        path = frame.url.split("/notebooks/")[1].split("?")[0]
        status, said = await frame.evaluate(_ASK, ["GET", f"/ipythonShare/lesson/{path}/ada"])
        assert status == 200, said
        own = f"/share/lesson/{path}/ada"
        assert await frame.evaluate(_ASK, ["GET", own]) == [200, said]
        assert said["url"] in await system.nbh("share", "list")

    async with student_browser("bob") as context:
        page = await context.new_page()
        await page.goto(said["url"])
        await page.get_by_text("by Ada").first.wait_for()
        await page.screenshot(path=tmp_path / "shared.png")
        assert await page.evaluate("self.origin") == "null"
    assert "withdrawn: w1/first.md" in await system.nbh("share", "withdraw", "lesson", "ada")
    # what is no browser does not find names below localhost
    shared = urlsplit(said["url"])
    async with httpx.AsyncClient(headers={"Host": shared.netloc}) as reader:
        there = f"http://127.0.0.1:{shared.port}{shared.path}"
        assert "no longer" in (await reader.get(there)).text
    told = await system.events("notebook.shared", student="ada")
    assert [each["notebook"] for each in told] == ["w1/first.md"]
    assert await system.events("notebook.withdrawn", student="ada")
