"""Routes through a real Traefik while labs, NATS, Traefik and the router come and go."""

import asyncio
from functools import partial

import msgspec
import pytest
import structlog
import websockets

from nbh_kit import bus as buses
from nbh_kit.testing import eventually, free_port, nats_server
from tests.router.upstream import websocket_echo
from tests.router.world import Provisioner, World


async def reaches(world, lab):
    """Whether a browser reaches the lab."""
    async with world.client() as browser:
        answer = await browser.get(f"/{lab.capability}/lab", headers={"Accept": "text/html"})
    return answer.status_code == 200 and answer.json()["path"] == f"/{lab.capability}/lab"


async def test_a_lab_is_reached_while_it_is_there_and_not_after(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address, state="starting")
    await eventually(lambda: reaches(site, lab))
    await provisioner.remove(lab)

    async def is_gone():
        async with site.client() as browser:
            answer = await browser.get(f"/{lab.capability}/lab", headers={"Accept": "text/html"})
        return answer.status_code == 404 and "reload its page" in answer.text

    await eventually(is_gone)


async def test_a_script_that_calls_a_lab_that_is_gone_gets_a_line(site):
    async with site.client() as browser:
        answer = await browser.get("/123/api/kernels")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")


async def test_the_websocket_of_a_lab_that_is_gone_is_refused_without_a_word(site, caplog):
    # a browser that was left open asks again every few seconds, for days
    with pytest.raises(websockets.InvalidStatus) as refused:
        await _connected(f"{site.origin.replace('http', 'ws')}/123/api/events/subscribe")
    assert refused.value.response.status_code == 404
    assert caplog.records == []


async def test_a_change_that_is_no_routes_writes_nothing(world, provisioner, lab_server):
    with structlog.testing.capture_logs() as said:
        async with world.traefik(), world.router():
            lab = await provisioner.lab(lab_server.address, state="starting")
            await eventually(lambda: reaches(world, lab))
            held = await provisioner.labs.get(lab.key)
            ready = msgspec.structs.replace(lab, state="ready")
            await provisioner.labs.update(lab.key, ready, held.revision)
            other = await provisioner.lab("127.0.0.1:9", "eve")
            await eventually(lambda: other.capability in world.labs_file.read_text())
    assert _written(said) in ([0, 1, 2], [1, 2])


async def test_many_changes_are_few_writes(world, provisioner):
    with structlog.testing.capture_logs() as said:
        async with world.traefik(), world.router():
            await world.ready()
            coming = (provisioner.lab(f"127.0.0.1:{n + 1}", f"s{n}") for n in range(60))
            labs = await asyncio.gather(*coming)
            await eventually(
                lambda: all(lab.capability in world.labs_file.read_text() for lab in labs)
            )
    assert len(_written(said)) < 20


async def test_running_labs_are_reached_while_nats_is_away(tmp_path, lab_server):
    url = f"nats://127.0.0.1:{free_port()}"
    world = World(tmp_path / "site", url)
    async with world.router():
        async with nats(tmp_path / "nats", url), world.traefik():
            async with buses.connect(url, name="test") as bus:
                lab = await Provisioner(bus).lab(lab_server.address)
            await eventually(lambda: reaches(world, lab))
        # a Traefik that starts while NATS is away serves what is on the disk
        async with world.traefik():
            await eventually(lambda: reaches(world, lab))


async def test_a_lost_jetstream_takes_no_route_away(tmp_path, lab_server):
    url = f"nats://127.0.0.1:{free_port()}"
    world = World(tmp_path / "site", url)
    async with world.traefik():
        async with world.router():
            async with nats(tmp_path / "nats", url), buses.connect(url, name="test") as bus:
                lab = await Provisioner(bus).lab(lab_server.address)
                await eventually(lambda: reaches(world, lab))
            async with nats(tmp_path / "another", url), buses.connect(url, name="test") as bus:
                other = await Provisioner(bus).lab("127.0.0.1:9", "eve")
                await eventually(
                    lambda: other.capability in world.labs_file.read_text(), within=15
                )
                assert await reaches(world, lab)
        # nor does a router that was not there before
        async with nats(tmp_path / "another", url), world.router():
            await world.ready()
            assert await reaches(world, lab)


async def test_a_router_that_starts_again_never_shrinks_the_file_first(
    world, nats_url, provisioner, lab_server
):
    lab = await provisioner.lab(lab_server.address)
    async with world.traefik():
        async with world.router():
            await eventually(lambda: reaches(world, lab))
        before = world.labs_file.read_bytes()
        world.configure(f"nats://127.0.0.1:{free_port()}")
        async with world.router():
            await world.lives()
            assert world.labs_file.read_bytes() == before
            assert await reaches(world, lab)
        world.configure(nats_url)
        async with world.router():
            await world.ready()
            assert await reaches(world, lab)


async def test_a_file_that_is_not_ours_stops_nobody(world, provisioner, lab_server):
    world.labs_file.write_text("http: [\n")
    lab = await provisioner.lab(lab_server.address)
    async with world.traefik(), world.router():
        await eventually(lambda: reaches(world, lab))


async def test_a_disk_that_fails_is_waited_for(world, provisioner, lab_server):
    in_the_way = world.folder / "traefik" / "new"
    with structlog.testing.capture_logs() as said:
        async with world.traefik(), world.router():
            await world.ready()
            in_the_way.rmdir()
            in_the_way.write_text("no folder can be here")
            lab = await provisioner.lab(lab_server.address)
            await eventually(lambda: any("cannot be written" in e["event"] for e in said))
            in_the_way.unlink()
            await eventually(lambda: reaches(world, lab))


async def test_an_odd_lab_has_no_route_and_is_told_to_the_operator(world, provisioner, lab_server):
    with structlog.testing.capture_logs() as said:
        async with world.traefik(), world.router():
            await world.ready()
            await provisioner.lab("{{ env `HOME` }}:1", "eve")
            lab = await provisioner.lab(lab_server.address)
            await eventually(lambda: reaches(world, lab))
    assert "env" not in world.labs_file.read_text()
    (complaint,) = [entry for entry in said if entry["log_level"] == "error"]
    assert complaint["student"] == "eve"


async def test_an_open_websocket_survives_other_labs_coming_and_going(site, provisioner):
    async with websocket_echo() as address:
        lab = await provisioner.lab(address)
        await eventually(lambda: lab.capability in site.labs_file.read_text())
        url = f"{site.origin.replace('http', 'ws')}/{lab.capability}/api/kernels/1/channels"
        async with await eventually(lambda: _connected(url)) as channel:
            for n in range(5):
                other = await provisioner.lab(f"127.0.0.1:{n + 1}", f"s{n}")
                await eventually(partial(_is_written, site, other))
                await channel.send(f"still {n}")
                assert await asyncio.wait_for(channel.recv(), 30) == f"still {n}"


def _is_written(world, lab):
    return lab.capability in world.labs_file.read_text()


async def _connected(url):
    return await websockets.connect(url, origin=None, proxy=None)


def nats(store, url):
    """A nats-server at this very address."""
    return nats_server(store, port=int(url.rpartition(":")[2]))


def _written(said):
    return [entry["labs"] for entry in said if entry["event"] == "routes written"]
