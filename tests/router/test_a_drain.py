"""Before maintenance: nobody new gets a lab and reads why, who has one goes on (E-6)."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import Drain, now
from nbh_router import drains

SINCE = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
DRAIN = Drain(node="node1", since=SINCE, reason="A <b>new</b> disk is put in.")


async def drained(bus, browser, link, drain=DRAIN):
    """The page, once the router has heard of it."""
    await Bucket(bus, Drain).put(drain.key, drain)
    return await eventually(lambda: _page(browser, link))


async def _page(browser, link):
    answer = await browser.get(link)
    return answer if "data-here" not in answer.text and answer.status_code == 503 else None


async def test_who_is_new_reads_why_and_when_and_the_page_tries_again(
    router, world, provisioner, bus
):
    await world.ready(but=("traefik",))
    until = msgspec.structs.replace(DRAIN, back=now() + timedelta(minutes=20))
    async with world.direct() as browser:
        page = await drained(bus, browser, world.link(nonce="once"), until)
        heard = len(provisioner.heard)
        french = await browser.get(world.link(), headers={"Accept-Language": "fr"})
        again = re.search(r'http-equiv="refresh" content="\d+;url=([^"]+)"', page.text)
        assert again is not None
        # the link opens once, the page as often as it likes
        assert (await browser.get(again[1])).status_code == 503
        assert len(provisioner.heard) == heard, "nothing is asked for that nobody will get"
    assert 1100 < int(page.headers["retry-after"]) <= 1200
    assert "A &lt;b&gt;new&lt;/b&gt; disk is put in." in page.text
    assert f"{until.back:%H:%M} (UTC)" in page.text
    assert "goes on. Your files are safe." in page.text
    assert "Les notebooks sont en maintenance" in french.text
    assert "/again" not in page.text


async def test_who_has_a_lab_opens_the_next_notebook_in_it(site, provisioner, bus, lab_server):
    lab = await provisioner.lab(lab_server.address, state="frozen", node="node1")
    provisioner.opens(lab)
    async with site.client() as browser:
        await drained(bus, browser, site.link(student="bob"))
        opened = await eventually(lambda: _redirect(browser, site.link()))
        assert opened.headers["location"].startswith(f"/{lab.capability}/")
        held = await Bucket(bus, Drain).get(DRAIN.key)
        await Bucket(bus, Drain).delete(DRAIN.key, held.revision)
        await eventually(lambda: _redirect(browser, site.link(student="bob")))


async def _redirect(browser, link):
    answer = await browser.get(link)
    return answer if answer.status_code == 302 else None


async def test_who_waits_already_is_not_sent_away(router, world, provisioner, bus):
    await world.ready(but=("traefik",))
    async with world.direct() as browser:
        waits = await browser.get(world.link())
        here = waits.text.split('data-here="')[1].split('"')[0]
        await drained(bus, browser, world.link(student="bob"))
        assert "data-here" in (await browser.get(here)).text


async def test_a_router_that_is_started_again_knows_it(world, provisioner, bus):
    await Bucket(bus, Drain).put(DRAIN.key, DRAIN)
    for _ in range(2):
        async with world.router(), world.direct() as browser:
            await world.ready(but=("traefik",))
            assert (await browser.get(world.link())).status_code == 503
    assert provisioner.heard == []


async def test_while_another_node_takes_somebody_all_are_asked_for(
    router, world, provisioner, bus
):
    await provisioner.lab("127.0.0.1:8888", "eve", node="node2")
    await world.ready(but=("traefik",))
    provisioner.says("queued")
    other = Drain(node="node2", since=SINCE)
    async with world.direct() as browser:
        revision = await Bucket(bus, Drain).put(other.key, other)
        await drained(bus, browser, world.link())
        await Bucket(bus, Drain).delete(other.key, revision)
        await eventually(lambda: _asked_for(browser, world.link(student="bob")))


async def _asked_for(browser, link):
    return "data-here" in (await browser.get(link)).text


@pytest.mark.parametrize(
    ("back", "said", "seconds"),
    [
        (None, "", 60),
        (SINCE, "", 60),
        (SINCE + timedelta(minutes=95), "11:35 (Europe/Paris)", 3600),
        (SINCE + timedelta(hours=20), "2026-11-28 06:00 (Europe/Paris)", 3600),
        (SINCE + timedelta(seconds=3), "10:00 (Europe/Paris)", 60),
        (SINCE + timedelta(minutes=10), "10:10 (Europe/Paris)", 600),
    ],
)
def test_when_it_should_be_over_is_said_as_people_there_read_it(back, said, seconds):
    drain = msgspec.structs.replace(DRAIN, back=back)
    assert drains.back(drain, SINCE, ZoneInfo("Europe/Paris")) == said
    assert drains.retry(drain, SINCE) == seconds
