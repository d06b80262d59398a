"""What a lab's page is answered that shares its notebook, or withdraws it (S13)."""

import asyncio
import contextlib
import json

import msgspec
import pytest

from nbh_kit.consuming import consume
from nbh_kit.testing import eventually
from nbh_proto import (
    CommandDone,
    FindShares,
    Message,
    Share,
    ShareFailed,
    ShareMade,
    ShareNotebook,
    SharesFound,
    WithdrawShares,
    names,
    now,
)
from nbh_proto.streams import COMMANDS

SHARE = Share(course="py", student="ada", notebook="w1/n1", name="a" * 32, at=now(), size=7)
URL = f"http://share.localhost:8080/snapshots/{SHARE.name}.html"


class Sharer:
    """The provisioner's side: hears, and answers what the test says."""

    def __init__(self, bus):
        self.bus = bus
        self.heard = []
        self.answers = ShareMade(about="", share=SHARE)
        self.shares = (SHARE,)

    async def handle(self, command):
        self.heard.append(command)
        if isinstance(command, WithdrawShares):
            await self.bus.answer(command.answer_to, CommandDone(about=command.id))
        elif self.answers is not None:
            said = msgspec.structs.replace(self.answers, about=command.id)
            await self.bus.answer(command.answer_to, said)

    async def find(self, asked):
        self.heard.append(asked)
        return SharesFound(shares=self.shares)

    @contextlib.asynccontextmanager
    async def working(self):
        types: tuple[type[Message], ...] = (ShareNotebook, WithdrawShares)
        async with (
            consume(self.bus, COMMANDS, "provisioner-shares", types, self.handle),
            self.bus.answering(FindShares, self.find),
        ):
            yield self


@pytest.fixture
async def sharer(bus):
    async with Sharer(bus).working() as working:
        yield working


@pytest.fixture
async def page(world, router, provisioner):
    """Ada's notebook, open in her lab: asks as its scripts do."""
    await world.ready(but=("traefik",))
    lab = await provisioner.lab("127.0.0.1:9")
    await eventually(lambda: router.routes.capability_of("py", "ada"))
    referer = f"{world.origin}/{lab.capability}/notebooks/w1/n1.ipynb?course=py&student=ada"
    async with world.direct() as browser:
        browser.headers["Referer"] = referer
        yield browser


async def test_a_notebook_is_shared_as_the_public_extension_asks_for_it(page, sharer):
    answer = await page.get("/ipythonShare/py/w1/n1.ipynb/ada")
    assert answer.status_code == 200
    said = answer.json()
    # it shows the second as the link, and its page is at another origin
    assert (said["url"], said["url_path"]) == (URL, URL)
    assert "error" not in said
    (heard,) = sharer.heard
    assert (heard.course, heard.student, heard.notebook) == ("py", "ada", "w1/n1")


async def test_a_lab_shares_shows_lists_and_withdraws(page, sharer):
    address = "/share/py/w1/n1/ada"
    assert (await page.post(address)).json()["url"] == URL
    assert (await page.get(address)).json()["url"] == URL
    assert [s["notebook"] for s in (await page.get("/share/py/ada")).json()["shares"]] == ["w1/n1"]
    other = await page.get("/share/py/w1/n2/ada")
    assert (other.status_code, other.json()["reason"]) == (404, "not-shared")
    assert (await page.delete(address)).json() == {"withdrawn": True}
    assert (await page.delete("/share/py/ada")).json() == {"withdrawn": True}
    withdrawn = [h.notebook for h in sharer.heard if isinstance(h, WithdrawShares)]
    assert withdrawn == ["w1/n1", ""]
    asked = [(h.only_course, h.only_student) for h in sharer.heard if isinstance(h, FindShares)]
    assert set(asked) == {("py", "ada")}


async def test_why_not_is_told_in_words_of_the_browsers_language(page, sharer):
    sharer.answers = ShareFailed(about="", reason="too-large", detail="/data/students/ada/x")
    for language, word in (("en", "too large"), ("fr", "trop volumineux")):
        answer = await page.get(
            "/ipythonShare/py/w1/n1/ada", headers={"Accept-Language": language}
        )
        assert answer.status_code == 422
        assert word in answer.json()["error"]
        assert "/data" not in answer.text
        assert len(answer.json()["quote"]) == 32


async def test_without_a_provisioner_it_is_told_in_time(world, page, bus):
    async def told():
        info = await bus.js.stream_info("COMMANDS")
        return info.state.messages == 1

    answer = await page.get("/share/py/w1/n1/ada")
    assert (answer.status_code, answer.json()["reason"]) == (503, "away")
    sharing = asyncio.create_task(page.post("/share/py/w1/n1/ada"))
    await eventually(told)
    sharing.cancel()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ipythonShare/py/w1/n1/ada"),
        ("POST", "/share/py/w1/n1/ada"),
        ("GET", "/share/py/w1/n1/ada"),
        ("GET", "/share/py/ada"),
        ("DELETE", "/share/py/w1/n1/ada"),
        ("DELETE", "/share/py/ada"),
    ],
)
async def test_nobody_else_does_any_of_it(world, page, sharer, provisioner, router, method, path):
    bob = await provisioner.lab("127.0.0.1:8", student="bob")
    await eventually(lambda: router.routes.capability_of("py", "bob"))
    own = page.headers["Referer"]
    strangers = {
        "nobody": {},
        "another student": {"Referer": f"{world.origin}/{bob.capability}/lab"},
        "a forged lab": {"Referer": f"{world.origin}/{names.new_capability()}/lab"},
        "another site": {"Referer": own.replace(world.origin, "https://evil.example")},
        "a platform's page": {"Referer": "https://moodle.example.org/"},
        "another origin's script": {"Referer": own, "Origin": "https://evil.example"},
        "a shared page": {"Referer": own, "Origin": "null"},
    }
    async with world.direct() as browser:
        for who, headers in strangers.items():
            answer = await browser.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (403, "refused"), who
    # nor does Ada anything of Bob's, or in another course
    for other in (path.replace("/ada", "/bob"), path.replace("/py/", "/other/")):
        assert (await page.request(method, other)).status_code == 403
    assert sharer.heard == []


async def test_a_link_that_is_signed_for_it_shares_and_no_other(world, page, sharer):
    async with world.direct() as browser:
        for action in ("open", "reset", "stop"):
            link = world.link(action=action)
            _, _, query = link.partition("?")
            refused = await browser.get(f"/ipythonShare/py/w1/n1/ada?{query}")
            assert refused.status_code == 403, action
        link = world.link(action="share")
        assert link.startswith("/ipythonShare/py/w1/n1/ada?")
        assert (await browser.get(link.replace("/w1/n1/", "/w1/n2/"))).status_code == 403
        assert (await browser.get(link)).json()["url"] == URL
        once = world.link(action="share", nonce="n1")
        assert (await browser.get(once)).status_code == 200
        assert (await browser.get(once)).status_code == 403
        # and opens no notebook
        opened = await browser.get(link.replace("ipythonShare", "notebookLazyCopy"))
        assert opened.status_code == 403
    assert len(sharer.heard) == 2


async def test_a_look_at_the_address_shares_nothing(page, sharer):
    assert (await page.head("/ipythonShare/py/w1/n1/ada")).status_code == 405
    for path in ("/ipythonShare/py/ada", "/ipythonShare/", "/share/", "/share/py"):
        assert (await page.get(path)).status_code == 404, path
    for path in ("/ipythonShare/py/%2e%2e/n1/ada", "/share/py/.hidden/ada"):
        assert (await page.get(path)).status_code == 404, path
    assert sharer.heard == []


async def test_a_refusal_is_told_once_it_is_of_a_course(world, page, sharer, bus):
    async with world.direct() as browser:
        await browser.get("/ipythonShare/py/w1/n1/ada")

    async def told():
        raw = await bus.js.get_last_msg("EVENTS", "nbh.event.access.refused.py")
        return json.loads(raw.data)

    refused = await eventually(told)
    assert (refused["student"], refused["reason"]) == ("ada", "referer")


async def test_traefik_waits_as_long_as_it_takes_and_asks_once(site, provisioner, bus, sharer):
    lab = await provisioner.lab("127.0.0.1:9")
    referer = f"{site.origin}/{lab.capability}/lab"
    sharer.answers = None
    async with site.client(headers={"Referer": referer}) as page:
        page.timeout = 30
        await eventually(lambda: _known(page))
        sharing = asyncio.create_task(page.get("/ipythonShare/py/w1/n1/ada"))
        (command,) = await eventually(lambda: [c for c in sharer.heard if _is_wish(c)])
        # longer than the router's other pages may take
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(sharing), 11)
        await bus.answer(command.answer_to, ShareMade(about=command.id, share=SHARE))
        assert (await sharing).json()["url"] == URL
    assert len([c for c in sharer.heard if _is_wish(c)]) == 1


async def _known(page):
    return (await page.get("/share/py/ada")).status_code == 200


def _is_wish(command):
    return isinstance(command, ShareNotebook)
