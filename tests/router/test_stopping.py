"""A student stops their own notebook server, and nobody else's (S14)."""

import contextlib
import re

import pytest

from nbh_kit.consuming import consume
from nbh_kit.testing import eventually
from nbh_proto import CommandDone, CommandFailed, StopLab, names
from nbh_proto.streams import COMMANDS
from tests.router.world import BY_REFERER, PLATFORM

PATH = "/containerKill/py/ada"


@pytest.fixture
def platforms():
    return PLATFORM + BY_REFERER


class Stopper:
    """The provisioner's side."""

    def __init__(self, bus):
        self.bus = bus
        self.heard = []
        self.fails = False

    async def handle(self, command):
        self.heard.append(command)
        failed = CommandFailed(about=command.id, reason="expired")
        answer = failed if self.fails else CommandDone(about=command.id)
        await self.bus.answer(command.answer_to, answer)


@pytest.fixture
async def stopper(bus):
    made = Stopper(bus)
    async with contextlib.AsyncExitStack() as stack:
        consuming = consume(bus, COMMANDS, "provisioner-n1", [StopLab], made.handle)
        await stack.enter_async_context(consuming)
        yield made


@pytest.fixture
def own(world, lab):
    """What the browser says of the lab's own page."""
    return {"Referer": f"{world.origin}/{lab.capability}/lab"}


async def test_a_labs_own_page_stops_it(world, lab, own, stopper):
    async with world.direct() as browser:
        done = await browser.get(PATH, headers=own)
        assert (done.status_code, done.json()) == (200, {"stopped": True})
        done = await browser.post(PATH, headers=own | {"Origin": world.origin})
        assert done.json() == {"stopped": True}
    for heard in stopper.heard:
        said = (heard.node, heard.course, heard.student, heard.generation, heard.reason)
        assert said == ("n1", "py", "ada", lab.generation, "asked")
    assert len(stopper.heard) == 2


async def test_a_link_that_is_signed_for_it_stops_it_with_a_page(world, lab, stopper):
    link = world.link(notebook="", action="stop")
    assert link.startswith(f"{PATH}?action=stop")
    async with world.direct() as browser:
        page = await browser.get(link, headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert page.status_code == 200
    assert "est arrêté" in page.text
    assert len(stopper.heard) == 1


async def test_a_platforms_page_is_asked_back(world, lab, stopper):
    page = {"Accept": "text/html", "Referer": "https://www.fun-mooc.fr/x"}
    async with world.direct() as browser:
        asked = await browser.get(PATH, headers=page)
        ticket = re.search(r'name="ticket" value="([^"]+)"', asked.text)
        assert ticket is not None
        assert "Stop my notebook server" in asked.text
        assert stopper.heard == []
        body = f"ticket={ticket[1]}&action=stop"
        for origin in ("null", "https://evil.example"):
            done = await browser.post(PATH, content=body, headers={"Origin": origin})
            assert done.status_code == 403
        done = await browser.post(
            PATH.replace("ada", "eve"), content=body, headers={"Origin": world.origin}
        )
        assert done.status_code == 403
        # nor does it open or reset a notebook
        launch = "/notebookLazyCopy/py/n1/ada?forcecopy=1"
        done = await browser.post(launch, content=body, headers={"Origin": world.origin})
        assert done.status_code == 403
        assert stopper.heard == []
        done = await browser.post(PATH, content=body, headers={"Origin": world.origin})
        assert done.status_code == 200
    assert len(stopper.heard) == 1


async def test_nobody_else_stops_it(world, lab, own, stopper, provisioner, router):
    bob = await provisioner.lab("127.0.0.1:8", student="bob")
    await eventually(lambda: router.routes.capability_of("py", "bob"))
    strangers = [
        {},
        {"Referer": f"{world.origin}/{bob.capability}/lab"},
        {"Referer": f"{world.origin}/{names.new_capability()}/lab"},
        own | {"Origin": "https://evil.example"},
        own | {"Origin": "null"},
    ]
    async with world.direct() as browser:
        for headers in strangers:
            for method in ("GET", "POST"):
                answer = await browser.request(method, PATH, headers=headers)
                assert answer.status_code == 403
        # not even by asking the platform's students first
        answer = await browser.post(PATH, headers={"Referer": "https://www.fun-mooc.fr/x"})
        assert answer.status_code == 403
        for action in ("open", "reset", "share", "undo"):
            signed = world.link(notebook="", action=action).partition("?")[2]
            assert (await browser.get(f"{PATH}?{signed}")).status_code == 403
        assert (await browser.head(PATH, headers=own)).status_code == 405
        assert (await browser.get("/containerKill/py", headers=own)).status_code == 404
    assert stopper.heard == []


async def test_who_has_no_lab_is_told_that_none_runs(world, router, provisioner, stopper):
    await world.ready(but=("traefik",))
    async with world.direct() as browser:
        done = await browser.get(world.link(notebook="", action="stop"))
    assert done.json() == {"stopped": True}
    assert stopper.heard == []


async def test_what_could_not_be_stopped_is_told_as_that(world, lab, own, stopper):
    stopper.fails = True
    async with world.direct() as browser:
        answer = await browser.get(PATH, headers=own | {"Accept": "text/html"})
    assert answer.status_code == 503
    assert "http-equiv" not in answer.text, "it would stop the next lab"
