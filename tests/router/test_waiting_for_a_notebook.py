"""The progress page and what follows an access (E-17, R-12, S16)."""

import asyncio
import signal
import time

import httpx2
import pytest

from nbh_kit import bus as buses
from nbh_kit.testing import eventually, free_port
from nbh_proto import AccessDenied, AccessProgress, AccessReady
from tests.router.events import address_in, events
from tests.router.test_labs_come_and_go import nats
from tests.router.world import Provisioner, World

QUICK_TO_GIVE_UP = "give_up_after = 0.6"


async def waiting(world, provisioner, browser, link=None):
    """A student who waits: the address of their events."""
    provisioner.says("queued", 2)
    page = await browser.get(link or world.link())
    assert page.status_code == 200
    return address_in(page.text)


async def test_the_page_says_where_the_access_stands(router, world, provisioner):
    await world.ready(but=("traefik",))
    provisioner.says("queued", 2)
    async with world.direct() as browser:
        page = await browser.get(world.link(), headers={"Accept-Language": "fr"})
    assert "2 étudiants avant vous" in page.text
    assert 'aria-live="polite"' in page.text
    assert "w1/n1" in page.text
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "no-store"


async def test_events_tell_each_stage_and_then_where_to_go(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    async with site.client() as browser:
        address = await waiting(site, provisioner, browser)
        async with events(browser, address) as stream:
            assert await stream.next() == ("stage", {"stage": "queued", "position": 2})
            for stage in ("copying", "starting", "booting"):
                await provisioner.tell(AccessProgress(about="", stage=stage))
                assert await stream.next() == ("stage", {"stage": stage, "position": 0})
            await provisioner.tell(
                AccessReady(about="", capability=lab.capability, notebook="w1/n1.ipynb")
            )
            kind, data = await stream.next()
        assert kind == "ready"
        assert (await browser.get(data["url"])).json()["name"] == "lab"
    assert len(provisioner.heard) == 1


async def test_a_stage_that_was_heard_is_not_told_again(site, provisioner):
    async with site.client() as browser:
        address = await waiting(site, provisioner, browser)
        async with events(browser, address) as stream:
            await stream.next()
            last = stream.ids[-1]
        async with events(browser, address, headers={"Last-Event-ID": last}) as stream:
            await provisioner.tell(AccessProgress(about="", stage="booting"))
            assert (await stream.next())[1]["stage"] == "booting"


async def test_a_failure_ends_the_events_and_has_its_page(site, provisioner):
    async with site.client() as browser:
        address = await waiting(site, provisioner, browser)
        async with events(browser, address) as stream:
            await stream.next()
            await provisioner.tell(AccessDenied(about="", reason="image-missing"))
            assert (await stream.next())[0] == "over"
        page = await browser.get(address.removesuffix("/events"))
    assert page.status_code == 503
    assert "software" in page.text
    assert provisioner.heard[0].access in page.text


async def test_without_javascript_the_page_goes_on_by_refreshing(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    async with site.client() as browser:
        here = (await waiting(site, provisioner, browser)).removesuffix("/events")
        page = await browser.get(here)
        assert f'<noscript><meta http-equiv="refresh" content="2;url={here}"></noscript>' in (
            page.text
        )
        await provisioner.tell(AccessReady(about="", capability=lab.capability, notebook="n.md"))
        await eventually(lambda: _redirects(browser, here))
    assert len(provisioner.heard) == 1


async def _redirects(browser, address):
    return (await browser.get(address)).status_code == 302


async def test_a_router_that_is_killed_is_followed_by_one_that_goes_on(
    world, provisioner, lab_server
):
    lab = await provisioner.lab(lab_server.address)
    async with world.traefik(), world.client() as browser:
        async with world.router_process() as process:
            await world.ready()
            address = await waiting(world, provisioner, browser)
            async with events(browser, address) as stream:
                await stream.next()
                process.send_signal(signal.SIGKILL)
                with pytest.raises((EOFError, httpx2.HTTPError)):
                    await stream.next()
        provisioner.opens(lab)
        async with world.router_process():
            # the browser comes back while the next router is still starting
            async with events(browser, address) as stream:
                kind, data = await stream.next(15)
                while kind == "away":
                    kind, data = await stream.next(15)
            assert kind == "ready"
            assert data["url"].startswith(f"/{lab.capability}/")
    first, second = provisioner.heard
    assert first.access == second.access
    assert first.answer_to != second.answer_to
    assert first.at == second.at, "however often it is asked, the student asked once"
    assert first.id != second.id


async def test_a_router_that_stops_lets_its_followers_go_to_the_next(world, provisioner):
    listens = asyncio.Event()

    async def listen(browser, address):
        async with events(browser, address) as stream:
            await stream.next()
            listens.set()
            await stream.end()

    async with world.direct() as browser:
        async with world.router():
            await world.ready(but=("traefik",))
            address = await waiting(world, provisioner, browser)
            listening = asyncio.create_task(listen(browser, address))
            await listens.wait()
            began = time.monotonic()
        await listening
        assert time.monotonic() - began < 4.5


async def test_a_page_that_waits_too_long_says_so_and_can_be_tried_again(world, provisioner):
    world.configure(_url(provisioner), QUICK_TO_GIVE_UP)
    async with world.traefik(), world.router(), world.client() as browser:
        await world.ready()
        address = await waiting(world, provisioner, browser)
        async with events(browser, address) as stream:
            await stream.next()
            assert (await stream.next(5))[0] == "over"
        here = address.removesuffix("/events")
        page = await browser.get(here)
        assert page.status_code == 503
        assert "not there yet" in page.text
        assert provisioner.heard[0].access in page.text
        again = await browser.post(f"{here}/again", headers={"Origin": world.origin})
        assert again.status_code == 303
        assert (await browser.get(again.headers["location"])).status_code == 200
    first, second = provisioner.heard
    assert first.access != second.access
    assert (first.notebook, first.student) == (second.notebook, second.student)


async def test_who_moves_up_in_a_long_queue_is_not_told_that_it_took_too_long(world, provisioner):
    world.configure(_url(provisioner), "give_up_after = 3.0")
    async with world.router(), world.direct() as browser:
        await world.ready(but=("traefik",))
        began = time.monotonic()
        address = await waiting(world, provisioner, browser)
        async with events(browser, address) as stream:
            await stream.next()
            place = 1000
            while time.monotonic() - began < 4:
                place -= 1
                await provisioner.tell(AccessProgress(about="", stage="queued", position=place))
                assert await stream.next() == ("stage", {"stage": "queued", "position": place})
            # and who stands where they stood is
            await provisioner.tell(AccessProgress(about="", stage="queued", position=place))
            assert (await stream.next())[0] == "over"


async def test_the_button_works_from_our_own_page_only(site, provisioner):
    async with site.client() as browser:
        here = (await waiting(site, provisioner, browser)).removesuffix("/events")
        for headers in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}):
            answer = await browser.post(f"{here}/again", headers=headers)
            assert answer.status_code == 403
    assert len(provisioner.heard) == 1


async def test_a_ticket_that_is_not_ours_follows_nothing(site, provisioner):
    async with site.client() as browser:
        address = await waiting(site, provisioner, browser)
        forged = address.replace("/-/access/", "/-/access/e")
        assert (await browser.get(forged)).status_code == 403
        assert (await browser.get(forged.removesuffix("/events"))).status_code == 403
    assert len(provisioner.heard) == 1


async def test_an_answer_that_was_lost_while_nats_was_away_comes_again(tmp_path):
    url = f"nats://127.0.0.1:{free_port()}"
    world = World(tmp_path / "site", url)
    async with world.router(), world.direct() as browser:
        async with nats(tmp_path / "nats", url), buses.connect(url, name="test") as bus:
            provisioner = Provisioner(bus)
            await provisioner.publish()
            async with provisioner.working():
                await eventually(lambda: _is_known(world, browser))
                address = await waiting(world, provisioner, browser)
        async with events(browser, address) as stream:
            assert (await stream.next())[0] == "stage"
            async with nats(tmp_path / "nats", url), buses.connect(url, name="test") as bus:
                provisioner = Provisioner(bus)
                provisioner.denies("engine-down")
                async with provisioner.working():
                    assert (await stream.next(15))[0] == "over"


async def _is_known(world, browser):
    return (await browser.get(world.link(course="absent"))).status_code == 404


async def test_two_frames_of_one_student_follow_their_own_accesses(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    async with site.client() as browser:
        one = await waiting(site, provisioner, browser)
        two = await waiting(site, provisioner, browser, site.link("w1/n2"))
        for asked in provisioner.heard:
            await provisioner.bus.answer(
                asked.answer_to,
                AccessReady(
                    about=asked.access, capability=lab.capability, notebook=asked.notebook
                ),
            )
        urls = []
        for address in (one, two):
            async with events(browser, address) as stream:
                while (event := await stream.next())[0] != "ready":
                    pass
                urls.append(event[1]["url"])
    assert ["/w1/n1?" in urls[0], "/w1/n2?" in urls[1]] == [True, True]


def _url(provisioner):
    return str(provisioner.bus.client.connected_url.geturl())
