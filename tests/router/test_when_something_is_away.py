"""What students see while a part of the system is away or answers nonsense (R-8, R-11, E-20)."""

import asyncio
import re
import signal
import time
from typing import get_args

import httpx2
import psutil
import pytest
import websockets

from nbh_kit import bus as buses
from nbh_kit.testing import eventually, free_port, nats_server
from nbh_proto import AccessReady
from nbh_proto.access import Reason
from tests.router.test_labs_come_and_go import nats, reaches
from tests.router.upstream import websocket_echo
from tests.router.world import Provisioner, World

PEOPLE = {"Accept": "text/html,application/xhtml+xml"}


async def test_before_nats_is_there_a_click_gets_a_page_that_tries_again(tmp_path):
    world = World(tmp_path / "site", f"nats://127.0.0.1:{free_port()}")
    async with world.router(), world.direct() as browser:
        await world.lives()
        began = time.monotonic()
        answer = await browser.get(world.link())
        assert time.monotonic() - began < 5
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert 'http-equiv="refresh"' in answer.text


async def test_while_nats_is_away_a_click_gets_a_page_and_then_its_notebook(tmp_path, lab_server):
    url = f"nats://127.0.0.1:{free_port()}"
    world = World(tmp_path / "site", url)
    async with world.traefik(), world.router(), world.client() as browser:
        async with nats(tmp_path / "nats", url), buses.connect(url, name="test") as bus:
            await Provisioner(bus).publish()
            await world.ready()
        began = time.monotonic()
        page = await browser.get(world.link())
        once = await browser.get(world.link(nonce="n"))
        assert time.monotonic() - began < 10
        assert (page.status_code, once.status_code) == (503, 503)
        assert page.headers["retry-after"]
        assert 'http-equiv="refresh"' in page.text
        async with nats(tmp_path / "nats", url), buses.connect(url, name="test") as bus:
            provisioner = Provisioner(bus)
            lab = await provisioner.lab(lab_server.address)
            provisioner.opens(lab)
            async with provisioner.working():
                next_url = page.text.split("url=")[1].split('"')[0]
                await eventually(lambda: _redirects(browser, next_url))


async def _redirects(browser, address):
    return (await browser.get(address)).status_code == 302


async def test_a_nats_that_hangs_is_not_waited_for(tmp_path):
    async with (
        nats_server(tmp_path / "nats") as url,
        buses.connect(url, name="test") as bus,
    ):
        provisioner = Provisioner(bus)
        # before the router: what it hears later it might not know when it says that it is ready
        await provisioner.publish()
        world = World(tmp_path / "site", url)
        async with world.router(), world.direct() as browser:
            await world.ready(but=("traefik",))
            server = _server_at(url)
            server.suspend()
            try:
                patient = asyncio.create_task(provisioner.publish("another"))
                answer = await browser.get(world.link())
                assert answer.status_code == 503
                assert not patient.done()
            finally:
                server.resume()
            await asyncio.wait({patient})


def _server_at(url):
    """The nats-server that listens at an address; ours, started a moment ago."""
    port = int(url.rpartition(":")[2])
    children = psutil.Process().children(recursive=True)
    return next(
        c for c in children if any(n.laddr.port == port for n in c.net_connections("inet"))
    )


async def test_while_the_provisioner_is_away_the_page_waits(world, bus, lab_server):
    provisioner = Provisioner(bus)
    await provisioner.publish()
    lab = await provisioner.lab(lab_server.address)
    provisioner.opens(lab)
    async with world.traefik(), world.router(), world.client() as browser:
        await world.ready()
        page = await browser.get(world.link())
        assert page.status_code == 200
        here = page.text.split('data-here="')[1].split('"')[0]
        async with provisioner.working():
            await eventually(lambda: _redirects(browser, here))


_LEADS_TO = re.compile(r'http-equiv="refresh" content="\d+;url=([^"]+)"')


async def _ends(browser, path, language="en", until="/again"):
    """The page that says how a click ended. One that waits, which a busy machine may show first,
    leads on by itself."""
    at = [path]

    async def ended():
        page = await browser.get(at[-1], headers={"Accept-Language": language})
        at.extend(_LEADS_TO.findall(page.text))
        return page if until in page.text else None

    return await eventually(ended, within=20)


async def test_who_cannot_have_a_lab_while_podman_is_away_goes_on_by_themselves(
    router, world, provisioner
):
    await world.ready(but=("traefik",))
    provisioner.denies("engine-down")
    async with world.direct() as browser:
        page = await _ends(browser, world.link(), until="cannot be started right now")
        assert (page.status_code, page.headers["retry-after"]) == (503, "10")
        assert provisioner.heard[0].access in page.text
        provisioner.denies("no-memory")
        (onwards,) = _LEADS_TO.findall(page.text)
        page = await _ends(browser, onwards)
        assert provisioner.heard[1].access in page.text


@pytest.mark.parametrize("reason", sorted({*get_args(Reason)} - {"engine-down"}))
async def test_each_failure_has_its_page(router, world, provisioner, reason):
    await world.ready(but=("traefik",))
    provisioner.denies(reason)
    async with world.direct() as browser:
        english = await _ends(browser, world.link())
        french = await _ends(browser, world.link(), "fr-FR,fr;q=0.9")
    wanted = {"notebook-unknown": 404, "course-unknown": 404, "internal": 500}
    wanted["workspace-unusable"] = 500
    for page, asked in zip((english, french), provisioner.heard, strict=True):
        assert page.status_code == wanted.get(reason, 503)
        assert asked.access in page.text
        assert "/again" in page.text
    assert "Tell your teacher" in english.text or "Try again" in english.text
    assert 'lang="fr"' in french.text


async def test_a_notebook_that_does_not_exist_is_named(router, world, provisioner):
    await world.ready(but=("traefik",))
    provisioner.denies("notebook-unknown")
    async with world.direct() as browser:
        page = await browser.get(world.link("w9/<b>né"))
    assert page.status_code == 404
    assert "w9/&lt;b&gt;né" in page.text


async def test_answers_that_nobody_can_decode_change_nothing(router, world, provisioner):
    await world.ready(but=("traefik",))
    async with world.direct() as browser:
        clicking = asyncio.create_task(browser.get(world.link()))
        asked = await provisioner.hears()
        client = provisioner.bus.client
        for junk in (b"", b"{}", b"\xff", b'{"type":"AccessReady"}', b'{"type":"X","about":"1"}'):
            await client.publish(asked.answer_to, junk)
        unknown = AccessReady(about="f" * 32, capability="1" * 40, notebook="x")
        await provisioner.bus.answer(asked.answer_to, unknown)
        assert (await clicking).status_code == 200
        provisioner.denies("lab-died")
        assert (await browser.get(world.link())).status_code == 503


async def test_a_traefik_that_is_gone_is_told_until_it_is_back(world, provisioner):
    async with world.router():
        async with world.traefik():
            await world.ready()
        for _ in range(2):
            await eventually(lambda: _misses_traefik(world))
            async with world.traefik():
                await world.ready()


async def _misses_traefik(world):
    return (await world.well()).json()["traefik"] is False


async def test_a_lab_that_does_not_answer_has_a_page_of_ours(site, provisioner):
    lab = await provisioner.lab(f"127.0.0.1:{free_port()}")
    await eventually(lambda: lab.capability in site.labs_file.read_text())

    async def page():
        async with site.client(headers=PEOPLE) as browser:
            answer = await browser.get(f"/{lab.capability}/lab")
        return answer if answer.status_code == 502 else None

    answer = await eventually(page)
    assert "does not answer" in answer.text
    assert 'http-equiv="refresh"' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    async with site.client() as script:
        assert (await script.get(f"/{lab.capability}/api/kernels")).text.count("\n") == 1


async def test_what_a_lab_says_itself_is_left_alone(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    await eventually(lambda: reaches(site, lab))
    async with site.client(headers=PEOPLE) as browser:
        for status in (200, 404, 409, 500):
            answer = await browser.get(f"/{lab.capability}/x?status={status}")
            assert (answer.status_code, answer.json()["name"]) == (status, "lab")


async def test_streams_are_not_held_up(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    await eventually(lambda: reaches(site, lab))
    async with (
        site.client() as browser,
        browser.stream("GET", f"/{lab.capability}/stream") as answer,
    ):
        lines = answer.aiter_lines()
        assert await asyncio.wait_for(anext(lines), 30) == "first"
        lab_server.goes_on.set()
        assert await asyncio.wait_for(anext(lines), 30) == "second"


async def test_websockets_reach_a_lab(site, provisioner):
    async with websocket_echo() as address:
        lab = await provisioner.lab(address)
        url = f"{site.origin.replace('http', 'ws')}/{lab.capability}/api/events/subscribe"

        async def connected():
            return await websockets.connect(url, origin=site.origin, proxy=None)

        async with await eventually(connected) as channel:
            await channel.send("é" * 100_000)
            assert await asyncio.wait_for(channel.recv(), 30) == "é" * 100_000


async def test_a_click_while_the_router_is_killed_ends_in_its_notebook(
    world, provisioner, lab_server
):
    lab = await provisioner.lab(lab_server.address)
    async with world.traefik(), world.client(headers=PEOPLE) as browser:
        async with world.router_process() as process:
            await world.ready()
            clicking = asyncio.create_task(browser.get(world.link()))
            await provisioner.hears()
            process.send_signal(signal.SIGKILL)
            await process.wait()
        provisioner.opens(lab)
        later = asyncio.create_task(browser.get(world.link("w1/n2")))
        async with world.router_process():
            for click in (clicking, later):
                await _ends_in_a_notebook(browser, await click)


async def _ends_in_a_notebook(browser, answer):
    if answer.status_code == 200:  # the progress page
        here = answer.text.split('data-here="')[1].split('"')[0]
        await eventually(lambda: _redirects(browser, here))
    else:
        assert answer.status_code == 302


async def test_a_form_that_was_sent_to_a_router_that_died_gets_a_page(world, provisioner):
    async with world.traefik(), world.client(headers=PEOPLE) as browser:
        async with world.router_process() as process:
            await world.ready()
            # frozen, it takes the form and never answers
            process.send_signal(signal.SIGSTOP)
            posting = asyncio.create_task(browser.post(world.link(), content=b"x=1"))
            await eventually(lambda: _has_sent(world))
            process.send_signal(signal.SIGKILL)
            await process.wait()
        async with world.router_process():
            answer = await posting
    assert answer.status_code == 502
    assert 'http-equiv="refresh"' in answer.text


async def _has_sent(world):
    # another connection through Traefik to the frozen router is held up too
    try:
        async with world.client(headers=PEOPLE) as browser:
            await browser.get("/x", timeout=0.3)
    except httpx2.TimeoutException:
        return True
    return False
