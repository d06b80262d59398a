"""Where labs end with the system, nothing of them is left, however they had ended."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import pytest

from nbh_cli.host import machine
from nbh_cli.host import podman as podmans
from nbh_cli.host.service import podman_service
from nbh_cli.up import labs as all_labs
from nbh_cli.up import leftovers
from nbh_kit import namespaces, remains
from nbh_provisioner.engine import EngineDown
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.engines.podman_api import PodmanApi
from tests.provisioner import labs, world
from tests.sudden_ends import kill_amid_a_start, kill_unseen
from tests.traces import Traces

SAID = """
-N NETAVARK-1A2B
-A POSTROUTING -s 10.96.0.0/20 -j NETAVARK-1A2B
-A POSTROUTING -s 10.96.0.0/21 -j NETAVARK-3C4D
-A NETAVARK-1A2B -d 10.96.0.0/20 -j ACCEPT
-A NETAVARK-1A2B ! -d 224.0.0.0/4 -m comment --comment "of ours" -j MASQUERADE
"""


def test_rules_of_a_network_go_and_no_others():
    assert leftovers.without(["10.96.0.0/20"], SAID) == [
        ("-D", "POSTROUTING", "-s", "10.96.0.0/20", "-j", "NETAVARK-1A2B"),
        ("-D", "NETAVARK-1A2B", "-d", "10.96.0.0/20", "-j", "ACCEPT"),
        ("-F", "NETAVARK-1A2B"),
        ("-X", "NETAVARK-1A2B"),
    ]
    assert leftovers.without(["10.97.0.0/20"], SAID) == []


@pytest.fixture
def site(tmp_path):
    """A site without a provisioner."""
    return world.config(tmp_path, "nats://127.0.0.1:1")


@pytest.mark.podman
@pytest.mark.parametrize("gently", [False, True])
async def test_nothing_is_left_of_labs_that_run_have_ended_unseen_or_had_just_begun(
    site, tmp_path, gently, lab_images
):
    with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
        async with podman_service(Path(folder)) as socket:
            engine, api = PodmanEngine(socket, site.site.name), PodmanApi(socket, 30)
            image = await engine.image(world.IMAGE)
            ada, bob, cleo = (labs.spec(site, image, student=s) for s in ("ada", "bob", "cleo"))
            await engine.start(ada)
            await engine.start(bob)
            await kill_unseen(api.get(f"/containers/{bob.name}/json"))
            starting = asyncio.create_task(engine.start(cleo))
            await kill_amid_a_start(socket, cleo.name)
            with contextlib.suppress(EngineDown):
                await starting
            await engine.close()
        traces = Traces(site.site.name)
        assert len(traces.containers) == 3
        said: list[str] = []
        podman = podmans.prepare(machine.look(), Path(folder))
        await all_labs.end_all(podman, site, said.append, gently=gently)
    assert said == ["removing 3 containers of labs"]
    assert traces.left() == []


@pytest.mark.podman
async def test_a_network_goes_with_what_podman_lost_on_it(site, lab_images):
    with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
        podman = podmans.prepare(machine.look(), Path(folder))
        async with podman_service(Path(folder)) as socket:
            engine, api = PodmanEngine(socket, site.site.name), PodmanApi(socket, 30)
            ada = labs.spec(site, await engine.image(world.IMAGE))
            await engine.start(ada)
            traces = Traces(site.site.name)
            inspected = api.get(f"/containers/{ada.name}/json")
            await kill_unseen(inspected)
            # so netavark is not told that the lab is off its network
            namespaces.let_go(Path(inspected["NetworkSettings"]["SandboxKey"]))
            with remains.clearing(inspected):
                api.delete(f"/containers/{ada.name}", force="true")
            await engine.close()
        said: list[str] = []
        await all_labs.end_all(podman, site, said.append, gently=False)
    assert said == []
    assert traces.left() == []
