"""S-20: the token that Traefik adds switches Jupyter's check of the origin off, so Traefik checks.

The eight probes of TRUST.md, and what lies beside them.
"""

from functools import partial

import pytest
import websockets
from websockets.exceptions import InvalidStatus

from nbh_kit.testing import eventually
from tests.router.upstream import upstream, websocket_echo
from tests.router.world import site


@pytest.fixture
async def running(tmp_path, nats_url, bus):
    async with site(tmp_path / "site", nats_url, bus) as (world, provisioner):
        yield world, provisioner


def hostile(world):
    return [
        "https://evil.example",
        "null",
        f"{world.origin}.evil.example",
        f"{world.origin}0",
        world.origin.replace("http", "https"),
        world.origin.replace("localhost", "LOCALHOST.evil.example"),
        world.origin + "/",
        "http://127.0.0.1:" + str(world.web),
        f"{world.origin}, {world.origin}",
    ]


async def test_only_our_own_origin_or_none_reaches_a_lab(running):
    world, provisioner = running
    async with upstream("lab") as server, world.client() as browser:
        lab = await provisioner.lab(server.address)
        path = f"/{lab.capability}/api/kernels"
        await eventually(lambda: _is_there(browser, path))
        for method in ("GET", "POST"):
            assert (await browser.request(method, path)).status_code == 200
            own = await browser.request(method, path, headers={"Origin": world.origin})
            assert own.status_code == 200
        reached = len(server.asked)
        for origin in hostile(world):
            for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
                answer = await browser.request(method, path, headers={"Origin": origin})
                assert answer.status_code == 403, (method, origin)
                assert "access-control-allow-origin" not in answer.headers
        assert len(server.asked) == reached, "nothing of it reached the lab"


async def test_a_websocket_of_another_origin_is_refused(running):
    world, provisioner = running
    async with websocket_echo() as address:
        lab = await provisioner.lab(address)
        url = f"{world.origin.replace('http', 'ws')}/{lab.capability}/api/kernels/1/channels"

        async def connected(origin):
            return await websockets.connect(url, origin=origin, proxy=None)

        for origin in (None, world.origin):
            async with await eventually(partial(connected, origin)) as channel:
                await channel.send("x")
                assert await channel.recv() == "x"
        for origin in hostile(world):
            with pytest.raises(InvalidStatus) as refused:
                await connected(origin)
            assert refused.value.response.status_code == 403, origin


async def test_the_gate_stands_before_addresses_without_a_lab_too(running):
    world, _ = running
    async with world.client() as browser:
        answer = await browser.get("/1234/x", headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
        # and not before what is nobody's lab
        answer = await browser.get("/nothing", headers={"Origin": "https://evil.example"})
        assert answer.status_code == 404


async def _is_there(browser, path):
    return (await browser.get(path)).status_code == 200
