"""A click that gets a lab of the pool, in a real browser: no waiting page, their own work."""

import json

import httpx2
import pytest

from nbh_kit.testing import eventually
from tests.e2e.browser import Notebook

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_student_gets_a_lab_that_waited_and_sees_no_page_in_between(
    system, platform, student_browser
):
    await system.new_course("waiting")
    await system.nbh("course", "set", "waiting", "--pool-min", "1", "--pool-max", "1")
    slot = await eventually(lambda: _booted(system), within=60, pause=0.1)
    pages = []
    async with student_browser("profile") as context:
        page = await context.new_page()
        page.on("framenavigated", lambda frame: pages.append(frame.url))
        url = system.link("waiting", "w1/first", "ada")
        await page.goto(platform.lesson("waiting", [url]))
        notebook = await Notebook(page.frame_locator("[name=frame0]")).shown()
        assert await notebook.run() == "hello from the course"
        await notebook.write("print('ada was here')")
        assert await notebook.run() == "ada was here"
        await notebook.save()
        await eventually(lambda: "ada was here" in system.file("ada", "waiting", "w1/first.md"))
    ours = [url for url in pages if url.startswith(system.url)]
    assert all(url.startswith(f"{system.url}/{slot.capability}/") for url in ours), ours
    (opened,) = await system.events("access.opened", course="waiting")
    assert opened["way"] == "pool"
    # podman's labels cannot change: an operator who looks at a container finds its student so
    named = {c["Id"]: c["Names"][0] for c in await system.containers_of("waiting")}
    row = json.loads(await system.nbh("lab", "list", "--json", "--course", "waiting"))
    assert row["student"] == "ada"
    assert f"{system.config.site.name}-waiting-ada-" in named[row["container"]]
    await system.nbh("course", "set", "waiting", "--pool-min", "0", "--pool-max", "0")


async def _booted(system):
    slots = [lab for lab in await system.labs() if lab.state == "pooled"]
    return slots[0] if slots and await _answers(system, slots[0]) else None


async def _answers(system, lab):
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{system.url}/{lab.capability}/api/contents")
    return answer.status_code == 200
