"""A student leaves, the lab is frozen; they come back, and what they computed is still there."""

import pytest

from nbh_kit.testing import eventually
from tests.e2e.apart import Cable
from tests.e2e.browser import Notebook
from tests.e2e.student import Student
from tests.system import Failed

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_frozen_lab_goes_on_where_it_was(system, platform, student_browser):
    url = system.link("lesson", "w1/first", "iris")
    async with student_browser("profile") as context:
        page = await context.new_page()
        await page.goto(platform.lesson("lesson", [url]))
        notebook = await Notebook(page.frame_locator("[name=frame0]")).shown()
        await notebook.write("x = 41; print(x)")
        assert await notebook.run() == "41"
        own = page.frames[1].url
        assert "/notebooks/w1/first" in own
        kernels = await _kernels(page.frames[1])

        with pytest.raises(Failed, match="in-use"):
            await system.nbh("lab", "freeze", "lesson", "iris")

        # the lesson is opened again: the launch URL, another page
        await page.goto("about:blank")
        await eventually(lambda: _frozen(system, "iris"), within=20)
        await page.goto(platform.lesson("lesson", [url]))
        notebook = await Notebook(page.frame_locator("[name=frame0]")).shown()
        await notebook.write("x = x + 1; print(x)")
        assert await notebook.run() == "42"
        assert await _kernels(page.frames[1]) == kernels

        # a tab that was asleep: the lab's own URL
        await page.goto("about:blank")
        await eventually(lambda: _frozen(system, "iris"), within=20)
        await page.goto(own)
        notebook = await Notebook(page).shown()
        await notebook.write("print(x + 1)")
        assert await notebook.run() == "43"
        assert await _kernels(page) == kernels

    assert len(kernels) == 1
    thawed = await system.events("lab.thawed", student="iris")
    assert [e["by"] for e in thawed] == ["click", "request"]
    ways = [e["way"] for e in await system.events("access.opened", student="iris")]
    assert ways == [ways[0], "thawed"]
    assert len(await system.events("lab.starting", student="iris")) == 1


async def test_an_open_tab_goes_on_by_itself_when_a_laptop_was_closed(
    system, platform, student_browser
):
    cable = Cable()
    async with student_browser("profile", cable=cable) as context:
        page = await context.new_page()
        await page.goto(platform.lesson("lesson", [system.link("lesson", "w1/first", "jo")]))
        notebook = await Notebook(page.frame_locator("[name=frame0]")).shown()
        await notebook.write("x = 41; print(x)")
        assert await notebook.run() == "41"
        await notebook.write("print(x + 1)")
        await page.frames[1].evaluate("window.neverReloaded = true")
        cable.pull()
        await eventually(lambda: _frozen(system, "jo"), within=20)
        cable.plug_in()
        await notebook.shown()
        assert await notebook.run() == "42"
        assert await page.frames[1].evaluate("window.neverReloaded")
    (thawed,) = await system.events("lab.thawed", student="jo")
    assert thawed["by"] == "request"


async def test_a_websocket_a_save_and_a_post_thaw_a_lab_and_none_is_lost(system):
    kim = Student(system.link("lesson", "w1/first", "kim"))
    await kim.open()
    kernel = await kim.kernel()
    assert await kim.run(kernel, "x = 41; print(x)") == "41\n"
    await eventually(lambda: _frozen(system, "kim"), within=20)
    assert await kim.run(kernel, "x = x + 1; print(x)") == "42\n"
    await eventually(lambda: _frozen(system, "kim"), within=20)
    await kim.save("mine.txt", "mine")
    await eventually(lambda: _frozen(system, "kim"), within=20)
    await kim.end_kernel(await kim.kernel())
    assert (await kim.contents("mine.txt"))["content"] == "mine"
    assert await kim.run(kernel, "print(x)") == "42\n"
    await kim.close()
    thawed = await system.events("lab.thawed", student="kim")
    assert [e["by"] for e in thawed] == ["request"] * 3
    assert len(await system.events("lab.starting", student="kim")) == 1


async def _frozen(system, student):
    """Ask until nobody is connected any more: Traefik keeps a connection for a moment."""
    try:
        await system.nbh("lab", "freeze", "lesson", student)
    except Failed:
        return False
    listed = await system.nbh("lab", "list", "--course", "lesson")
    return any(line.split()[1:3] == [student, "frozen"] for line in listed.splitlines())


async def _kernels(frame):
    """The ids of the lab's kernels, as its own page sees them."""
    ask = """async () => {
      const lab = location.pathname.split("/")[1];
      return (await (await fetch(`/${lab}/api/kernels`)).json()).map((k) => k.id);
    }"""
    return await frame.evaluate(ask)
