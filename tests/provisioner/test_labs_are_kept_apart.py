"""Nobody in a lab reaches another lab, this machine, or what is private behind it (S-3, S-36 to
S-39): tried from inside real labs."""

import asyncio
import contextlib
import socket

import msgspec
import pytest

from nbh_kit import walls
from nbh_kit.testing import eventually
from nbh_provisioner.engine import NotIsolated
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.engines.podman_api import PodmanApi
from nbh_provisioner.engines.wall import Wall
from tests.provisioner import labs, world
from tests.provisioner.apart import Inside
from tests.provisioner.networks import a_place_with, listening_ports, nft, own_addresses

pytestmark = pytest.mark.podman

METADATA = ("169.254.169.254", 80)
WELL_KNOWN = (22, 25, 53, 80, 111, 443, 2375, 3306, 4222, 5432, 6379, 8080, 8081, 8082, 8123, 9000)


@pytest.fixture
def lab(podman_engine, podman_socket, site):
    """Starts a lab, with what it may reach; returns its container and the way inside."""

    async def start(student="ada", egress="open", engine=podman_engine):
        spec = labs.spec(site, await engine.image(world.IMAGE), student=student)
        spec = msgspec.structs.replace(
            spec, egress=egress, labels=spec.labels | {"nbh.egress": egress}
        )
        running = await engine.start(spec)
        await eventually(lambda: labs.answers(spec, running), within=30)
        return running, Inside(podman_socket, spec.name)

    return start


@pytest.fixture
def somewhere():
    """A network namespace of the test's own behind this machine, where all ports answer at a
    private, a public and a link-local address."""
    with a_place_with(("10.213.7.2", "203.0.113.7", "169.254.169.254")) as addresses:
        yield addresses


async def test_no_lab_reaches_another(lab):
    (_, ada), (bob, inside_bob) = await lab("ada"), await lab("bob")
    place = _place(bob)
    assert await ada.reached(place) == []
    assert await inside_bob.reached(place) == [place]


async def test_no_lab_reaches_this_machine(lab, podman_engine):
    _, inside = await lab()
    gateway = await _gateway(podman_engine)
    mine = own_addresses()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("0.0.0.0", 0)))
        port = server.getsockname()[1]
        ports = {*WELL_KNOWN, *listening_ports(), port}
        places = [(a, p) for a in (gateway, *mine) for p in sorted(ports)]
        said = await inside.tried(*places)
        assert {what for what, _ in said} == {"ECONNREFUSED"}
        assert max(seconds for _, seconds in said) < 1


async def test_no_port_of_the_gateway_answers_a_lab(lab, podman_engine):
    _, inside = await lab()
    gateway = await _gateway(podman_engine)
    assert await inside.reached(*((gateway, port) for port in range(1, 65536))) == []


async def test_an_open_lab_reaches_the_public_and_nothing_private(lab, somewhere):
    _, inside = await lab()
    private, public, metadata = somewhere
    places = [(private, 80), (public, 443), (metadata, 80), (public, 25)]
    assert await inside.reached(*places) == [(public, 443)]
    for what, seconds in await inside.tried((private, 80), (metadata, 80), (public, 25)):
        assert (what, seconds < 0.5) == ("ECONNREFUSED", True)


async def test_a_closed_lab_reaches_nothing_and_knows_it_at_once(lab, somewhere):
    _, inside = await lab(egress="closed")
    _, public, _ = somewhere
    ((what, seconds),) = await inside.tried((public, 443))
    assert (what, seconds < 0.5) == ("ECONNREFUSED", True)
    for _ in range(20):
        said, seconds = await inside.resolved()
        assert (said, seconds < 0.5) == ("unknown", True)


async def test_a_list_says_what_a_lab_reaches(lab, somewhere):
    private, public, _ = somewhere
    _, inside = await lab(egress=f"{private}:5432,{public}:443")
    places = [(private, 5432), (private, 80), (public, 443), (public, 80)]
    assert await inside.reached(*places) == [(private, 5432), (public, 443)]


async def test_an_address_says_nothing_of_the_lab_that_had_it(lab, podman_engine, somewhere):
    _, public, _ = somewhere
    before, _ = await lab("ada", egress="closed")
    await podman_engine.stop(before.name, within=0)
    for student in ("bob", "cyd", "dan"):
        running, inside = await lab(student)
        assert await inside.reached((public, 443)) == [(public, 443)]
        await podman_engine.stop(running.name, within=0)


async def test_labs_have_no_address_that_the_rules_do_not_know(lab):
    _, inside = await lab()
    addresses = await inside.run("cat", "/proc/net/if_inet6")
    assert [line.split()[-1] for line in addresses.splitlines()] == ["lo"]
    assert "Read-only" in await inside.run(
        "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6"
    )


async def test_rules_that_somebody_flushed_are_back(lab, somewhere, site):
    _, inside = await lab()
    private, _, _ = somewhere
    for remove in (walls.removal(site.site.name), _without_a_chain(site.site.name)):
        nft(remove)
        await eventually(lambda: _is_refused(inside, (private, 80)))


async def test_a_provisioner_that_starts_walls_in_the_labs_that_run(
    lab, podman_socket, podman_engine, somewhere, site
):
    _, public, _ = somewhere
    _, inside = await lab(egress="closed")
    await podman_engine.close()
    nft(walls.removal(site.site.name))
    assert await inside.reached((public, 443)) == [(public, 443)]
    again = PodmanEngine(podman_socket, site.site.name)
    await again.secure()
    assert await inside.reached((public, 443)) == []
    await again.close()


async def test_networks_that_podman_reloads_stay_closed(lab, podman_socket, podman_engine):
    (_, ada), (bob, _) = await lab("ada"), await lab("bob")
    reload = ("podman", "--url", f"unix://{podman_socket}", "network", "reload", "--all")
    process = await asyncio.create_subprocess_exec(*reload, stderr=asyncio.subprocess.PIPE)
    await process.communicate()
    gateway = await _gateway(podman_engine)
    with socket.create_server((gateway, 0)) as server:
        assert await ada.reached(_place(bob), server.getsockname()) == []


async def test_where_nft_is_missing_no_lab_starts_and_it_is_said(lab, podman_socket, site):
    wall = Wall(site.site.name, program="nft-that-is-nowhere")
    engine = PodmanEngine(podman_socket, site.site.name, wall)
    with pytest.raises(NotIsolated, match="nft-that-is-nowhere is not on this machine"):
        await lab(engine=engine)
    assert await engine.labs() == []
    await engine.close()


async def test_with_best_effort_labs_start_all_the_same_and_it_is_said_once(
    lab, podman_socket, site, capsys
):
    wall = Wall(site.site.name, mode="best-effort", program="nft-that-is-nowhere")
    engine = PodmanEngine(podman_socket, site.site.name, wall)
    for student in ("ada", "bob"):
        await lab(student, engine=engine)
    assert capsys.readouterr().out.count("labs are not kept apart") == 1
    await engine.close()


async def test_a_wall_with_a_hole_lets_no_lab_start(lab, podman_socket, site, podman_engine):
    engine = PodmanEngine(podman_socket, site.site.name, _WithAHole(site.site.name))
    with pytest.raises(NotIsolated, match="must be refused"):
        await lab(engine=engine)
    await engine.close()
    assert await podman_engine.labs() == []


async def test_neighbours_that_can_be_reached_let_no_lab_start(lab, podman_socket, site):
    engine = PodmanEngine(podman_socket, site.site.name, _WithoutABridge(site.site.name))
    await lab("ada", engine=engine)
    with pytest.raises(NotIsolated, match="another lab was reached"):
        await lab("bob", engine=engine)
    await engine.close()


class _Unwatched(Wall):
    """Nobody sets it again."""

    def look(self):
        pass


class _WithAHole(_Unwatched):
    """It lets labs through to this machine, once it is set."""

    def raise_around(self, network, labs=()):
        super().raise_around(network, labs)
        table = walls.table(self._site)
        nft(f"flush chain inet {table} input\n")


class _WithoutABridge(_Unwatched):
    """It lets labs through to each other, once it is set."""

    def raise_around(self, network, labs=()):
        super().raise_around(network, labs)
        name = walls.table(self._site)
        for family in walls.FAMILIES:
            nft(f"flush chain {family} {name} forward\n")
        # what is private stays closed, but for their own network
        nft(f"add rule inet {name} forward ip daddr != {network.subnet} jump open\n")


def _place(running):
    host, _, port = running.address.partition(":")
    return host, int(port)


async def _gateway(engine):
    def ask(api: PodmanApi) -> str:
        return api.get(f"/networks/{engine._network.name}/json")["subnets"][0]["gateway"]

    return await engine._call(ask)


def _without_a_chain(site):
    return f"flush chain inet {walls.table(site)} forward\n"


async def _is_refused(inside, place):
    return (await inside.tried(place))[0][0] == "ECONNREFUSED"
