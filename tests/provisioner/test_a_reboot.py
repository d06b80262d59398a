"""The machine was switched off and on again: disks keep what they had, memory nothing (R-17)."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nbh_cli.host import machine, podman
from nbh_cli.host.service import answers
from nbh_kit import walls
from nbh_kit.testing import eventually
from nbh_proto import CommandDone
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.engines.podman_api import PodmanApi
from tests.provisioner import pooling, world
from tests.provisioner.conftest import clear
from tests.provisioner.networks import ip, nft
from tests.provisioner.process import provisioner
from tests.sudden_ends import kill_service, kill_unseen

pytestmark = pytest.mark.podman

_STORAGE = """
[storage]
driver = "overlay"
graphroot = "{folder}/disk"
runroot = "{folder}/memory/storage"
[storage.options]
additionalimagestores = ["/var/lib/containers/storage"]
"""


@asynccontextmanager
async def podman_of_its_own(folder):
    """podman's API with containers of its own: what it notes in memory is in ``memory``."""
    here = podman.prepare(machine.look(), folder)
    storage, socket = folder / "storage.conf", folder / "podman.sock"
    storage.write_text(_STORAGE.format(folder=folder))
    notes = f"--tmpdir={folder}/memory/libpod"
    process = await asyncio.create_subprocess_exec(
        *here.command(notes, "system", "service", "--time=0", f"unix://{socket}"),
        env={**os.environ, **here.environment, "CONTAINERS_STORAGE_CONF": str(storage)},
        cwd=folder,
    )
    try:
        await eventually(lambda: answers(socket), within=20)
        yield socket
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@pytest.fixture
def folder():
    """Podman's; a short path, since its socket is in it."""
    with tempfile.TemporaryDirectory(prefix="nbh-podman-") as made:
        yield Path(made)
        _unmount(made)


@asynccontextmanager
async def cleared_after_a_failure(socket, site):
    """Nothing is left of a test that failed in this block."""
    try:
        yield
    except BaseException:
        await clear(socket, site)
        raise


async def test_a_reboot_leaves_no_lie_and_all_work(
    folder, data, nats_url, course, router, ask, bus, tmp_path
):
    site = pooling.with_pool(
        data, nats_url, 1, provisioner={"podman_socket": f"{folder}/podman.sock"}
    )
    name = site.site.name
    async with podman_of_its_own(folder) as socket, cleared_after_a_failure(socket, name):
        async with provisioner(site, tmp_path) as process:
            await pooling.pooled(router, 1, within=60)
            before = [await router.opened(student=s) for s in ("ada", "bob")]
            assert isinstance(await _frozen(ask, "bob"), CommandDone)
            (spare,) = await pooling.pooled(router, 1, within=60)
            (data / "students/ada/python/mine.txt").write_text("mine")
            await process.kill()
        await _power_cut(socket, name)
    _off(folder, name)

    async with podman_of_its_own(folder) as socket, cleared_after_a_failure(socket, name):
        async with provisioner(site, tmp_path):
            after = [await router.opened(student=s) for s in ("ada", "bob")]
            told = await eventually(lambda: _told(bus, 2), within=20)
            assert {(e["student"], e["reason"]) for e in told} == {
                ("ada", "died"),
                ("bob", "died"),
            }
            (fresh,) = await eventually(lambda: _other(router, spare), within=60)
            lives = {*(a.capability for a in after), fresh.capability}
            assert not lives & {*(b.capability for b in before), spare.capability}
            await eventually(lambda: set(world.entries(data / "labs")) == lives, within=20)
            lab = await router.lab("ada")
            assert (await pooling.ask(lab, "files/mine.txt")).text == "mine"
            engine = PodmanEngine(socket, name)
            found = await engine.labs()
            await engine.close()
            assert {f.labels["nbh.capability"] for f in found} == lives
        await clear(socket, name)


async def _power_cut(socket, site):
    """Whatever ran runs no more, and nobody was told."""
    api = PodmanApi(socket, within=30)
    engine = PodmanEngine(socket, site)
    inspected = [api.get(f"/containers/{lab.container}/json") for lab in await engine.labs()]
    bridge = api.get(f"/networks/{site}-labs/json")["network_interface"]
    api.close()
    await engine.close()
    assert len(inspected) == 3
    await kill_service(socket)
    for each in inspected:
        await _thawed_kill(each)
        _let_go(each["NetworkSettings"]["SandboxKey"])
    ip("link", "delete", bridge)


def _let_go(namespace):
    subprocess.run(["/bin/umount", "--lazy", namespace], check=True)
    Path(namespace).unlink()


async def _thawed_kill(inspected):
    """The kernel ends what stands still only once it goes on."""
    process = inspected["State"]["Pid"]
    for group in _freezers(process):
        group.write_text("THAWED" if group.name == "freezer.state" else "0")
    await kill_unseen(inspected)


def _freezers(process):
    paths = [line.split(":", 2) for line in Path(f"/proc/{process}/cgroup").read_text().split()]
    places = [
        Path("/sys/fs/cgroup/freezer", *(p[2].strip("/"),), "freezer.state")
        for p in paths
        if p[1] == "freezer"
    ]
    places += [Path("/sys/fs/cgroup", p[2].strip("/"), "cgroup.freeze") for p in paths if not p[1]]
    return [place for place in places if place.exists()]


def _off(folder, site):
    """What the machine had in memory is gone."""
    _unmount(folder)
    shutil.rmtree(folder / "memory")
    nft(walls.removal(site))


def _unmount(folder):
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in sorted((m for m in mounts if m.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["/bin/umount", "--lazy", place], check=True)


async def _frozen(ask, student):
    """Ask until the connection of who opened the lab is gone."""

    async def done():
        answer = await ask(student=student)
        return answer if isinstance(answer, CommandDone) else None

    return await eventually(done, within=20)


async def _told(bus, count):
    told = await world.events(bus, "lab.stopped")
    return told if len(told) == count else None


async def _other(router, spare):
    found = await pooling.nobodys(router)
    return found if found and spare.capability not in {lab.capability for lab in found} else None
