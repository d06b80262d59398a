"""What a builder that was killed with everything else leaves is gone before the next build."""

import asyncio
import tempfile
from pathlib import Path

import pytest

from nbh_builder import container
from nbh_builder.failure import BuildError
from nbh_builder.machine import Machine
from nbh_builder.podman_api import PodmanApi
from nbh_cli.host.service import podman_service
from tests.sudden_ends import kill_amid_a_start, kill_unseen, what_runs_of

pytestmark = pytest.mark.podman


def body(site):
    """A container of a build's, that does nothing for long."""
    return container.body(
        name=f"{site}-smoke",
        site=site,
        image="localhost/nbhosting/minimal-notebook",
        command=("sleep", "600"),
        environment={},
        mounts=(),
        limits=container.Limits(memory=2**28, cpus=1, processes=64),
        network=False,
    )


async def test_one_that_ended_without_podmans_knowledge_is_gone(world):
    name = _started(world.api, body(world.site))
    await kill_unseen(world.api.get(f"/containers/{name}/json"))
    assert world.api.get(f"/containers/{name}/json")["State"]["Running"]
    await asyncio.to_thread(Machine(world.config).clear)
    assert _names(world) == []


async def test_one_that_podman_was_killed_at_is_ended(world):
    with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
        async with podman_service(Path(folder)) as socket:
            made = body(world.site)
            starting = asyncio.create_task(asyncio.to_thread(_started, PodmanApi(socket), made))
            left = await kill_amid_a_start(socket, made["name"])
            with pytest.raises(BuildError):
                await starting
    assert _names(world) == [made["name"]]
    await asyncio.to_thread(Machine(world.config).clear)
    assert _names(world) == []
    assert what_runs_of(left) == []


def _started(api, made):
    api.post("/containers/create", made)
    api.post(f"/containers/{made['name']}/start")
    return made["name"]


def _names(world):
    ours = f'{{"label": ["{container.OURS}={world.site}"]}}'
    found = world.api.get("/containers/json", all="true", filters=ours) or []
    return [each["Names"][0] for each in found]
