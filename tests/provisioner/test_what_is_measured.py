"""What the provisioner tells of its machine and labs, when the reaper asks."""

import os
import subprocess
import threading

import msgspec
import psutil
import pytest

from nbh_kit.testing import eventually
from nbh_proto import MeasureLabs
from nbh_proto.sample import LabsMeasured
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.files import usage
from nbh_provisioner.files.usage import DiskUsage
from tests.depths import dig
from tests.provisioner import world

MIB = 1024**2


async def measured(bus, site):
    question = MeasureLabs(node=site.provisioner.node)
    return await bus.ask(question, LabsMeasured, within=10)


async def test_a_machine_is_told_with_its_load_memory_and_disks(bus, site, memory):
    node = (await measured(bus, site)).node
    assert node.memory_total == psutil.virtual_memory().total
    assert 0 < node.memory_available <= node.memory_total
    assert node.load1 == pytest.approx(os.getloadavg()[0], abs=2)
    room = psutil.disk_usage("/")
    assert node.system_disk.free_mib == pytest.approx(room.free / MIB, rel=0.1)
    assert node.system_disk.free_percent == pytest.approx(100 - room.percent, abs=2)
    assert node.containers_disk is None


async def test_a_lab_is_told_with_what_its_workspace_takes(bus, site, memory, router):
    await router.opened(student="ada")
    (site.site.data / "students/ada/python/big").write_bytes(b"x" * 5 * MIB)

    async def big():
        [lab] = (await measured(bus, site)).labs
        return lab if (lab.disk or 0) > 5 * MIB else None

    lab = await eventually(big)
    assert (lab.course, lab.student, lab.outdated) == ("python", "ada", False)
    assert lab.disk < 6 * MIB


@pytest.mark.podman
async def test_a_real_lab_is_told_with_what_it_uses(
    podman_site, podman_socket, data, nats_url, bus, course, router
):
    site = podman_site(data, nats_url)
    engine = PodmanEngine(podman_socket, site.site.name)
    async with world.running(site, engine):
        await router.opened(student="ada")
        told = await measured(bus, site)
        [lab] = told.labs
        assert 0.2 < lab.cpu_seconds < 60
        assert 30 * MIB < lab.memory < 600 * MIB
        assert 2 <= lab.processes < 50
        assert lab.traffic > 100
        assert lab.outdated is False
        assert told.node.containers_disk.free_mib > 0
        generation = (await router.lab()).generation
        assert lab.generation == generation


def test_links_lead_nowhere_and_a_file_with_two_names_counts_once(tmp_path):
    (tmp_path / "outside").write_bytes(b"x" * 10 * MIB)
    work = tmp_path / "students/ada/python"
    (work / "deep/er").mkdir(parents=True)
    (work / "a").write_bytes(b"x" * MIB)
    os.link(work / "a", work / "deep/b")
    (work / "link").symlink_to(tmp_path / "outside")
    (work / "deep/loop").symlink_to(work)
    taken = usage.count(tmp_path / "students", "ada/python")
    assert MIB <= taken.bytes < 1.2 * MIB
    assert not taken.is_more


def test_a_million_files_are_counted_up_to_a_bound(tmp_path):
    work = tmp_path / "ada/python"
    work.mkdir(parents=True)
    for n in range(30):
        (work / f"{n}").write_bytes(b"x")
    assert usage.count(tmp_path, "ada/python", most=20) == (20 * 4096, 20, True)
    assert usage.count(tmp_path, "ada/python", most=30) == (30 * 4096, 30, False)


def test_folders_in_folders_without_end_are_no_trouble(tmp_path):
    work = tmp_path / "ada/python"
    work.mkdir(parents=True)
    before = threading.active_count(), psutil.Process().num_fds()
    dig(work, 3000)
    assert usage.count(tmp_path, "ada/python").bytes >= 0
    assert (threading.active_count(), psutil.Process().num_fds()) == before
    subprocess.run(("/bin/rm", "-rf", work), check=True)  # pytest itself could not


async def test_a_count_gives_way_to_everything_else(tmp_path):
    (tmp_path / "ada/python").mkdir(parents=True)
    counting = DiskUsage(tmp_path)
    try:
        await eventually(lambda: counting.last("ada/python") is not None)
        [thread] = [t for t in threading.enumerate() if t.name.startswith("disk usage")]
        assert os.getpriority(os.PRIO_PROCESS, thread.native_id) == 19
        assert os.getpriority(os.PRIO_PROCESS, 0) < 19
    finally:
        counting.close()


async def test_a_workspace_that_is_gone_is_forgotten(tmp_path):
    work = tmp_path / "ada/python"
    work.mkdir(parents=True)
    counting = DiskUsage(tmp_path)
    try:
        await eventually(lambda: counting.last("ada/python") is not None)
        work.rmdir()
        await eventually(lambda: counting.last("ada/python") is None)
    finally:
        counting.close()


async def test_a_lab_whose_course_has_another_image_is_outdated(bus, site, course, router):
    images = {world.IMAGE}
    async with world.running(site, MemoryEngine(images)):
        await router.opened(student="ada")
        old = await router.courses.get("python")
        await router.courses.put("python", msgspec.structs.replace(old.value, image="other"))

        async def is_outdated():
            return (await measured(bus, site)).labs[0].outdated

        assert not await is_outdated()  # there is no such image: no reason to stop a lab
        images.add("other")
        await eventually(is_outdated)
