"""A lab has so many connections to the world, and no more: the machine's table of all connections
has an end, and is everybody's (S-38)."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from nbh_kit import walls
from nbh_kit.testing import eventually
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.engines.wall import Wall
from nbh_provisioner.engines.wall_rules import MOST_CONNECTIONS
from tests.provisioner import labs, world
from tests.provisioner.apart import Inside
from tests.provisioner.networks import a_place_with, nft

pytestmark = pytest.mark.podman

PUBLIC = "203.0.113.8"
_TRACKED = Path("/proc/net/nf_conntrack")

_TO_MANY_PORTS = f"""
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
    for port in range(10_000, 30_000):
        tried.sendto(b"x", ("{PUBLIC}", port))
"""


@pytest.fixture
def somewhere():
    """A place behind this machine."""
    with a_place_with(("10.213.7.2", PUBLIC)) as addresses:
        yield addresses


@pytest.fixture
async def lab(podman_engine, podman_socket, site):
    """Starts a student's lab; returns its address and the way inside."""

    async def start(student="ada", engine=podman_engine):
        spec = labs.spec(site, await engine.image(world.IMAGE), student=student)
        running = await engine.start(spec)
        await eventually(lambda: labs.answers(spec, running), within=30)
        return running.address.partition(":")[0], Inside(podman_socket, spec.name)

    return start


def tracked(address):
    """How many connections that a lab has opened the machine has in its table: who opened one
    comes first in its row."""
    opened = (row.partition("src=")[2] for row in _TRACKED.read_text().splitlines())
    return sum(who.startswith(f"{address} ") for who in opened)


async def test_a_lab_does_not_fill_the_machines_table_of_connections(lab, somewhere, site):
    ada, inside_ada = await lab("ada")
    assert await inside_ada.reached((PUBLIC, 443)) == [(PUBLIC, 443)]
    await inside_ada.run("python3", "-c", _TO_MANY_PORTS)
    assert 2000 < tracked(ada) < MOST_CONNECTIONS + 50
    # who has that many gets no more, and knows it; others do
    ((said, seconds),) = await inside_ada.tried((PUBLIC, 443))
    assert (said, seconds < 1) == ("ECONNREFUSED", True)
    _, inside_bob = await lab("bob")
    assert await inside_bob.reached((PUBLIC, 443)) == [(PUBLIC, 443)]


async def test_that_a_lab_is_counted_is_no_change_of_the_rules(
    lab, somewhere, podman_socket, site, capsys
):
    wall = Wall(site.site.name)
    engine = PodmanEngine(podman_socket, site.site.name, wall)
    ada, inside = await lab(engine=engine)
    assert await inside.reached((PUBLIC, 443)) == [(PUBLIC, 443)]
    assert ada in counted(site)
    await asyncio.to_thread(wall.look)
    assert "set again" not in capsys.readouterr().out
    assert ada in counted(site)
    nft(f"flush chain inet {walls.table(site.site.name)} input\n")
    await asyncio.to_thread(wall.look)
    assert "set again" in capsys.readouterr().out
    await engine.close()


def counted(site):
    """The labs that the kernel counts connections of, as nft tells."""
    name = walls.table(site.site.name)
    argv = ("/usr/sbin/nft", "list", "set", "inet", name, "connections")
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout
