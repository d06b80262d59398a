"""A btrfs with quotas keeps students within their share, and nobody is locked out (S-35)."""

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from nbh_kit.testing import eventually
from nbh_proto import AccessDenied, Limits, StopLab, names
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.files import usage
from nbh_provisioner.files.housing import Housing
from nbh_provisioner.files.usage import DiskUsage
from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.quotas import btrfs_calls, finding
from nbh_provisioner.quotas.btrfs import Btrfs
from nbh_provisioner.room import Room
from tests.provisioner import disks, world
from tests.provisioner.a_student import does
from tests.provisioner.bounding import MIB, ROOM, Bounded
from tests.provisioner.labs import OWNER
from tests.provisioner.notebook_server import Jupyter

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or not Path(disks.BTRFS).exists(), reason="needs root and btrfs-progs"
)


@pytest.fixture
def students(data, tmp_path):
    """Students' files on a btrfs of their own."""
    with disks.btrfs(data / "students", tmp_path / "image") as folder:
        yield folder


@pytest.fixture
def quota(students):
    """What keeps them within their share."""
    return finding.find("auto", students)


@pytest.fixture
def bounded(students, quota):
    return Bounded(students, quota)


def test_who_is_full_writes_nothing_deletes_and_writes_again(bounded):
    ada, bob = bounded(), bounded("bob")
    assert does(ada, "fill", "write", "delete", "write") == ["EDQUOT", "EDQUOT", "done", "done"]
    assert does(ada, "fill") == ["EDQUOT"]
    assert does(bob, "write") == ["done"]


def test_a_workspace_belongs_to_its_student(bounded):
    found = bounded().stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (1000, 100, 0o755)


def test_another_room_holds_at_once(bounded):
    ada = bounded()
    assert does(ada, "fill") == ["EDQUOT"]
    bounded(room=Room(100 * MIB, 1000))
    assert does(ada, "fill") == ["done"]
    # less than there is already: it stays, and can be deleted
    bounded(room=ROOM)
    assert does(ada, "write", "delete", "write") == ["EDQUOT", "done", "done"]


async def test_what_is_taken_is_known_also_after_a_deletion(bounded, students, quota):
    ada = bounded()
    counting = DiskUsage(students, quota)
    try:
        does(ada, "fill")
        full = await counting.now("ada/python", 1000)
        assert 15 * MIB < full.bytes <= 16 * MIB
        assert full.files == 1
        does(ada, "delete")
        assert (await counting.now("ada/python", 1000)).bytes < MIB
    finally:
        counting.close()


async def test_files_without_content_take_room_too(bounded, students, quota):
    ada = bounded()
    counting = DiskUsage(students, quota)
    try:
        does(ada, "many")
        taken = await counting.now("ada/python", 10_000)
        assert taken.files == 2000
        assert taken.bytes > 500_000
        assert usage.count(students, "ada/python").bytes == 0
    finally:
        counting.close()


async def test_a_subvolume_that_a_student_makes_is_seen(bounded, students, quota):
    ada = bounded()
    assert does(ada, "fill-nested") == ["done"]  # btrfs lets everybody
    counting = DiskUsage(students, quota)
    try:
        assert (await counting.now("ada/python", 1000)).bytes > 19 * MIB
    finally:
        counting.close()


def test_workspaces_move_and_go_with_their_course(bounded, students):
    bounded()
    ada = bounded()
    does(ada, "write", "fill-nested")
    housing = Housing(students)
    housing.rename("python", "py3")
    assert (students / "ada/py3/little").stat().st_size == MIB
    assert does(students / "ada/py3", "fill") == ["EDQUOT"]
    housing.remove("py3")
    housing.sweep()
    assert disks.everything_below(students) == ["ada"]


def test_an_ordinary_folder_stays_one_and_is_watched(students, quota):
    with Workspaces(students, OWNER).made("ada/python") as folder:
        quota.bound(folder, ROOM)
        assert quota.taken(folder) is None
    assert does(students / "ada/python", "fill", "delete") == ["done", "done"]


def test_a_student_whose_files_are_on_another_disk_has_a_folder(students, bounded):
    with disks.small(students / "bob"):
        assert does(bounded("bob"), "write") == ["done"]


def test_the_file_system_that_can_is_chosen(students, tmp_path):
    assert isinstance(finding.find("auto", students), Btrfs)
    assert isinstance(finding.find("btrfs", students), Btrfs)
    assert finding.find("watchdog", students).name == "watchdog"
    for wanted in ("auto", "btrfs"):
        assert finding.find(wanted, tmp_path / "elsewhere").name == "watchdog"


def test_a_btrfs_without_quotas_keeps_nobody_within_anything(tmp_path):
    with disks.btrfs(tmp_path / "students", tmp_path / "image", quotas=False) as students:
        assert finding.find("auto", students).name == "watchdog"


async def test_a_course_is_given_more_while_its_labs_run(
    students, data, nats_url, course, router, bus
):
    site = world.config(data, nats_url, lab={"disk": 16 * MIB})
    async with world.running(site, MemoryEngine()):
        await router.opened()
        assert does(students / "ada/python", "fill") == ["EDQUOT"]
        await eventually(lambda: world.events(bus, "workspace.full"), within=45)
        held = await router.courses.get(names.token("python"))
        more = msgspec.structs.replace(held.value, limits=Limits(disk=100 * MIB))
        await router.courses.update(names.token("python"), more, held.revision)
        await eventually(lambda: world.events(bus, "workspace.has-room"), within=45)
        assert does(students / "ada/python", "fill") == ["done"]


@pytest.mark.podman
async def test_a_real_lab_whose_student_fills_their_share(
    students, podman_site, data, nats_url, course, router, bus, ask
):
    site = podman_site(data, nats_url, lab={"memory": 2**30, "disk": 16 * MIB})
    engine = PodmanEngine(site.podman_socket, site.site.name)
    async with world.running(site, engine):
        await asyncio.gather(router.opened(student="bob"), router.opened())
        (lab,) = [f for f in await engine.labs() if f.labels["nbh.student"] == "ada"]
        said = await _inside(site, lab.name, "mkdir mine; cat /dev/zero > mine/big")
        assert "Disk quota exceeded" in said
        (told,) = await eventually(lambda: world.events(bus, "workspace.full"), within=45)
        assert (told["student"], told["of"]) == ("ada", "bytes")
        assert await world.events(bus, "lab.stopped") == []
        # whoever comes back, also to a lab that has to start: what is there opens
        for _ in range(2):
            ready = await router.opened()
            assert ready.full.limit == 16 * MIB
            ada = Jupyter(await router.lab())
            shown = await ada.ask("GET", f"api/contents/{ready.notebook}")
            assert shown.status_code == 200
            kernel = await ada.ask("POST", "api/kernels", json={"name": "python3"})
            assert kernel.status_code == 201
            # what is not there says why, and where room can be made
            denied = await router.open("w1/n2")
            assert isinstance(denied, AccessDenied)
            assert denied.reason == "workspace-full"
            assert (denied.capability, denied.full.of) == (ready.capability, "bytes")
            refused = await ada.ask(
                "PUT",
                f"api/contents/{ready.notebook}",
                json={"type": "notebook", "format": "json", "content": shown.json()["content"]},
            )
            assert "Disk quota exceeded" in refused.text
            assert (students / "ada/python/w1/n1.ipynb").read_text() == world.NOTEBOOK
            await ask(StopLab)
        assert (await Jupyter(await router.lab("bob")).save("bobs.txt", "b")).status_code == 201
        await router.opened()
        ada = Jupyter(await router.lab())
        # a folder goes with what is in it
        assert (await ada.ask("DELETE", "api/contents/mine")).status_code == 204
        ready = await router.opened("w1/n2")
        assert ready.full is None
        assert (await ada.save("more.txt", "x" * 5 * MIB)).status_code == 201


async def _inside(site, name, script):
    process = await asyncio.create_subprocess_exec(
        *("podman", "--url", f"unix://{site.podman_socket}", "exec", name, "sh", "-c", script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode()


def test_numbers_are_those_of_the_kernels_headers():
    assert btrfs_calls._SUBVOL_CREATE == 0x5000940E
    assert btrfs_calls._TREE_SEARCH == 0xD0009411
    assert btrfs_calls._INO_LOOKUP == 0xD0009412
    assert btrfs_calls._QGROUP_LIMIT == 0x8030942B
    assert btrfs_calls._SYNC == 0x9408
