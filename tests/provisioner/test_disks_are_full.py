"""A full disk keeps nobody from what they have: it opens, and can be deleted (R-15).

Somebody new is refused on a page that says why, and nothing half-made is left of it.
"""

import os
import tempfile
from pathlib import Path

import pytest

from nbh_cli.host.service import podman_service
from nbh_kit import commanding
from nbh_kit.testing import eventually
from nbh_proto import AccessDenied, StopLab, TakeWorkspace
from nbh_proto.moving import TakeAnswer
from nbh_provisioner.disks import Shrinking
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.engines.podman import PodmanEngine
from tests.provisioner import disks, pooling, world
from tests.provisioner.conftest import clear
from tests.provisioner.notebook_server import Jupyter

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")

_ROOM = 600_000
MIB = 1024**2


@pytest.fixture
def students(data):
    """A small disk of students' files; the rest of the site's data is elsewhere."""
    with disks.small(data / "students") as folder:
        yield folder


@pytest.fixture
def stopped(ask, router):
    """Takes Ada's lab away."""

    async def stop():
        await ask(StopLab)
        assert await router.lab() is None

    return stop


async def test_what_is_taken_over_from_elsewhere_goes_on_once_there_is_room(
    data, tmp_path, nats_url, router, bus
):
    work = tmp_path / "old/ada/python"
    work.mkdir(parents=True)
    for number in range(8):
        (work / f"{number}.bin").write_bytes(b"x" * 200_000)

    async def take():
        students = str(tmp_path / "old")
        command = TakeWorkspace(node="node1", course="python", student="ada", students=students)
        return await commanding.carried_out(bus, command, TakeAnswer, within=20)

    with disks.small(data / "students", "size=1m") as disk:
        async with world.running(world.config(data, nats_url), MemoryEngine()):
            assert (await take()).reason == "disk-full"
            here = disk / "ada/python"
            assert 0 < len(world.entries(here)) < 8
            assert all(p.stat().st_size == 200_000 for p in here.iterdir()), "whole or not at all"
            disks.enlarge(disk, "size=4m")
            taken = await take()
            assert (taken.copied > 0, taken.copied + taken.known) == (True, 8)
            assert len(world.entries(here)) == 8


@pytest.mark.parametrize("which", ["students", "data", "system"])
async def test_somebody_new_is_refused_and_who_has_files_is_not(
    which, tmp_path, nats_url, router, ask
):
    data = tmp_path / "data"
    places = {"students": data / "students", "data": data, "system": tmp_path / "system"}
    with disks.small(places[which], "size=4m") as disk:
        world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK, "w1/n2.md": "# two\n"})
        site = world.config(data, nats_url, provisioner={"free_bytes": _ROOM})
        async with world.running(site, MemoryEngine(), system=tmp_path / "system"):
            await router.opened()
            disks.fill(disk, but=_ROOM // 2)
            assert await router.denied(student="bob") == "disk-full"
            assert not (data / "students/bob").exists()
            await router.opened()
            await ask(StopLab)
            await router.opened()
            await router.opened("w1/n2")
            disks.free(disk)
            await router.opened(student="bob")


async def test_a_disk_without_room_for_one_more_file_is_full(data, nats_url, course, router):
    with disks.small(data / "students", "nr_inodes=200") as students:
        async with world.running(world.config(data, nats_url), MemoryEngine()):
            await router.opened()
            filling = students / "many"
            filling.mkdir()
            for number in range(200 - len(disks.everything_below(students)) - 3):
                (filling / f"{number}").touch()
            assert await router.denied(student="bob") == "disk-full"
            await router.opened()


async def test_without_any_room_what_is_there_opens_and_deleting_makes_room(
    memory, router, data, students, stopped
):
    work = students / "ada/python"
    await router.opened()
    await stopped()
    (work / "mine").write_bytes(b"x" * 100_000)
    disks.fill(students)
    before = disks.everything_below(work)
    ready = await router.opened()
    assert ready.notebook == "w1/n1.ipynb"
    denied = await router.open("w1/n2")
    assert isinstance(denied, AccessDenied)
    # the page says so, and leads to the lab in which they can delete
    assert (denied.reason, denied.capability) == ("disk-full", ready.capability)
    assert disks.everything_below(work) == before
    (work / "mine").unlink()
    assert (await router.opened("w1/n2")).capability == ready.capability


async def test_who_has_no_lab_gets_one_to_make_room_in(memory, router, students, stopped):
    await router.opened()
    await stopped()
    disks.fill(students)
    denied = await router.open("w1/n2")
    lab = await router.lab()
    assert lab.state == "ready"
    assert denied.capability == lab.capability


async def test_a_notebook_opens_without_its_links_when_there_is_no_room_for_them(
    memory, router, data, students, stopped
):
    await router.opened()
    await stopped()
    world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK}, commit="c2", static={"media/a.png": "x"})
    disks.fill(students)
    await router.opened()
    disks.free(students)
    await router.opened()
    assert (students / "ada/python/w1/media").is_symlink()


async def test_a_reset_without_room_leaves_the_students_version(memory, router, students):
    await router.opened()
    file = students / "ada/python/w1/n1.ipynb"
    file.write_text("mine")
    disks.fill(students)
    denied = await router.open(action="reset")
    assert denied.reason == "disk-full"
    assert file.read_text() == "mine"


class _Looked(MemoryEngine):
    """Counts how often somebody looked at the disks."""

    looks = 0

    async def storage(self):
        self.looks += 1
        return await super().storage()


async def test_nothing_is_booted_for_the_pool_while_a_disk_is_short(
    tmp_path, data, nats_url, course, router, stopped
):
    site = pooling.with_pool(data, nats_url, 1, provisioner={"free_bytes": _ROOM})
    engine = _Looked()
    with disks.small(tmp_path / "system") as disk:
        async with world.running(site, engine, system=disk):
            await pooling.pooled(router, 1)
            await router.opened()
            (spare,) = await pooling.pooled(router, 1)
            disks.fill(disk)
            await stopped()
            assert (await router.opened()).capability == spare.capability
            seen = engine.looks
            await eventually(lambda: engine.looks >= seen + 2)
            assert engine.starts == 2
            disks.free(disk)
            await eventually(lambda: engine.starts == 3)


def test_a_disk_that_fills_is_noticed_whatever_was_free_before(tmp_path):
    with disks.small(tmp_path / "small", "size=8m,nr_inodes=100") as folder:
        disk = Shrinking(folder)
        assert not disk.has_shrunk()
        (folder / "one").write_bytes(b"x" * 2 * MIB)
        assert disk.has_shrunk()
        assert not disk.has_shrunk()
        (folder / "one").unlink()
        assert not disk.has_shrunk()
        (folder / "two").write_bytes(b"x" * 2 * MIB)
        assert disk.has_shrunk()
        (folder / "three").touch()
        assert disk.has_shrunk()


@pytest.mark.podman
async def test_a_real_lab_starts_on_a_full_disk_and_its_student_makes_room(
    podman_site, data, nats_url, course, router, students, stopped, ask
):
    site = podman_site(data, nats_url)
    async with world.running(site, PodmanEngine(site.podman_socket, site.site.name)):
        await router.opened(student="bob")
        await router.opened()
        await stopped()
        (students / "ada/python/mine").write_bytes(b"x" * 500_000)
        os.chown(students / "ada/python/mine", 1000, 100)
        disks.fill(students)
        ready = await router.opened()
        ada, bob = await _lab(router), await _lab(router, "bob")
        shown = await ada.ask("GET", f"api/contents/{ready.notebook}")
        assert shown.status_code == 200
        saved = {"type": "notebook", "format": "json", "content": shown.json()["content"]}
        for lab in (ada, bob):
            refused = await lab.ask("PUT", f"api/contents/{ready.notebook}", json=saved)
            assert refused.status_code == 500
            assert "No space left on device" in refused.text
        assert (students / "ada/python/w1/n1.ipynb").read_text() == world.NOTEBOOK
        assert (await ada.ask("DELETE", "api/contents/mine")).status_code == 204
        put = await ada.ask("PUT", f"api/contents/{ready.notebook}", json=saved)
        assert put.status_code == 200
        await bob.save("more.txt", "x" * 50_000)
        (students / "bob/python/more.txt").read_text()


@pytest.fixture
async def podman_on_small_disk(tmp_path, data, nats_url, monkeypatch):
    """A podman whose containers are on a small disk of their own, and a site that uses it; images
    are those of the machine."""
    conf = tmp_path / "storage.conf"
    with disks.small(tmp_path / "storage", "size=64m") as storage:
        conf.write_text(_STORAGE.format(storage=storage, run=tmp_path / "run"))
        monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(conf))
        with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
            async with podman_service(Path(folder)) as socket:
                given = {"podman_socket": str(socket)}
                site = world.config(data, nats_url, provisioner=given)
                yield storage, site
                await clear(socket, site.site.name)


_STORAGE = """
[storage]
driver = "overlay"
graphroot = "{storage}"
runroot = "{run}"
[storage.options]
additionalimagestores = ["/var/lib/containers/storage"]
"""


@pytest.mark.podman
async def test_a_full_disk_of_containers_starts_nothing_and_leaves_what_runs(
    podman_on_small_disk, data, nats_url, course, router, stopped
):
    storage, site = podman_on_small_disk
    engine = PodmanEngine(site.podman_socket, site.site.name)
    async with world.running(site, engine):
        await router.opened(student="bob")
        await router.opened()
        await stopped()
        disks.fill(storage)
        assert await router.denied(student="cyd") == "disk-full"
        assert not (data / "students/cyd").exists()
        # nothing to be done about it: a lab needs room there
        assert await router.denied() == "disk-full"
        assert await router.denied() == "disk-full"
        assert [lab.labels["nbh.student"] for lab in await engine.labs()] == ["bob"]
        await router.opened("w1/n2", student="bob")
        bob = await _lab(router, "bob")
        assert (await bob.save("more.txt", "mine")).status_code == 201
        disks.free(storage)
        await router.opened()
        assert len(await engine.labs()) == len(world.entries(data / "labs")) == 2


async def _lab(router, student="ada"):
    return Jupyter(await router.lab(student))
