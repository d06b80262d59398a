"""S-10: a GET changes nothing that nobody signed, whoever crawls; a reset is asked about (S14)."""

import html
import re

import pytest

from nbh_proto import names
from tests.router.world import site

TICKET = re.compile(r'name="ticket" value="([^"]+)"')
LINKS = re.compile(r'(?:href|src|action|data-here|data-events|url)="?=?([^" >]+)')


@pytest.fixture
async def running(tmp_path, nats_url, bus):
    async with site(tmp_path / "site", nats_url, bus) as (world, provisioner):
        provisioner.says("starting")
        yield world, provisioner


async def test_a_crawler_that_gets_everything_twice_changes_nothing(running, lab_address):
    world, provisioner = running
    lab = await provisioner.lab(lab_address)
    start = [
        "/",
        "/livez",
        "/readyz",
        "/welcome",
        "/containerKill/py/ada",
        "/notebookLazyCopy/py/w1/n1/ada?forcecopy=true",
        "/ipythonExercice/py/w1/n1/ada?forcecopy=1",
        "/notebookLazyCopy/py/w1/n1/ada?undo=true",
        "/ipythonShare/py/w1/n1/ada",
        "/share/py/w1/n1/ada",
        "/share/py/ada",
        "/notebookGitRepo/py/w1/n1/ada",
        "/-/access/x",
        "/-/access/x/events",
        "/-/access/x/again",
        "/-/silent/lab",
        "/-/silent/router",
        "/123/lab",
        world.link(),
        _with_forcecopy(world.link()),
        _with_forcecopy(world.link(workspace="git")),
        _with_forcecopy(world.link(), "undo"),
    ]
    seen = set()
    async with world.client(headers={"Referer": f"{world.origin}/{lab.capability[:-1]}/"}) as web:
        while start:
            path = start.pop()
            if path in seen or path.endswith("/events"):
                continue
            seen.add(path)
            for _ in range(2):
                answer = await web.get(path)
            found = LINKS.findall(html.unescape(answer.text))
            start += [p for p in found if p.startswith("/")]
    assert len(seen) > 21, "the crawler found the tickets of the pages it was shown"
    assert {asked.action for asked in provisioner.heard} == {"open"}
    assert (await provisioner.bus.js.stream_info("COMMANDS")).state.messages == 0


@pytest.fixture
def lab_address():
    return "127.0.0.1:9"


def _ticket(page):
    found = TICKET.search(page.text)
    assert found, page.text
    return found[1]


def _with_forcecopy(link, parameter="forcecopy"):
    return link.replace("?", f"?{parameter}=true&")


@pytest.mark.parametrize(("parameter", "action"), [("forcecopy", "reset"), ("undo", "undo")])
async def test_an_unsigned_change_is_asked_about_and_then_done(running, parameter, action):
    world, provisioner = running
    link = _with_forcecopy(world.link(), parameter)
    async with world.client() as browser:
        page = await browser.get(link)
        assert page.status_code == 200
        assert "<form" in page.text
        ticket = _ticket(page)
        done = await browser.post(
            link,
            content=f"ticket={ticket}&action={action}",
            headers={"Origin": world.origin},
        )
        assert done.status_code == 303
        assert done.headers["location"].startswith("/-/access/")
        assert provisioner.heard == []
        await browser.get(done.headers["location"])
    assert (await provisioner.hears()).action == action


async def test_a_question_about_one_change_makes_no_other(running):
    world, provisioner = running
    link = _with_forcecopy(world.link(), "undo")
    async with world.client() as browser:
        ticket = _ticket(await browser.get(link))
        done = await browser.post(
            link, content=f"ticket={ticket}&action=reset", headers={"Origin": world.origin}
        )
        await browser.get(done.headers["location"])
    assert (await provisioner.hears()).action == "open"


async def test_the_other_button_opens_the_students_own_version(running):
    world, provisioner = running
    link = _with_forcecopy(world.link())
    async with world.client() as browser:
        ticket = _ticket(await browser.get(link))
        done = await browser.post(
            link, content=f"ticket={ticket}&action=open", headers={"Origin": world.origin}
        )
        await browser.get(done.headers["location"])
    assert (await provisioner.hears()).action == "open"


async def test_a_signed_reset_and_a_labs_own_call_need_no_question(running, lab_address):
    world, provisioner = running
    lab = await provisioner.lab(lab_address)
    async with world.client() as browser:
        await browser.get(world.link(action="reset"))
        page = f"{world.origin}/{lab.capability}/notebooks/w1/n1.ipynb"
        await browser.get(
            "/notebookLazyCopy/py/w1/n1/ada?forcecopy=true", headers={"Referer": page}
        )
        await browser.get("/notebookLazyCopy/py/w1/n1/ada?undo=true", headers={"Referer": page})
    await provisioner.hears(3)
    assert [asked.action for asked in provisioner.heard] == ["reset", "reset", "undo"]


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://localhost"])
async def test_another_site_cannot_press_the_button(running, origin):
    world, provisioner = running
    link = _with_forcecopy(world.link())
    async with world.client() as browser:
        ticket = _ticket(await browser.get(link))
        answer = await browser.post(
            link,
            content=f"ticket={ticket}&action=reset",
            headers={"Origin": origin} if origin else {},
        )
    assert answer.status_code == 403
    assert provisioner.heard == []


async def test_a_question_about_one_notebook_resets_no_other(running):
    world, provisioner = running
    link = _with_forcecopy(world.link())
    async with world.client(headers={"Origin": world.origin}) as browser:
        ticket = _ticket(await browser.get(link))
        for other in (
            _with_forcecopy(world.link("w1/n2")),
            _with_forcecopy(world.link(student="eve")),
            "/notebookGitRepo/py/w1/n1/ada",
        ):
            answer = await browser.post(other, content=f"ticket={ticket}&action=reset")
            assert answer.status_code == 403
        for body in ("", "ticket=x&action=reset", "ticket=" + "x" * 9000, "\xff"):
            assert (await browser.post(link, content=body)).status_code == 403
        # nor does the ticket of the question open anything by itself
        assert (await browser.get(f"/-/access/{ticket}")).status_code == 403
    assert provisioner.heard == []


async def test_a_forged_lab_resets_nothing(running):
    world, provisioner = running
    page = f"{world.origin}/{names.new_capability()}/notebooks/w1/n1.ipynb"
    async with world.client(headers={"Referer": page}) as browser:
        answer = await browser.get("/notebookLazyCopy/py/w1/n1/ada?forcecopy=true")
    assert answer.status_code == 403
    assert provisioner.heard == []
