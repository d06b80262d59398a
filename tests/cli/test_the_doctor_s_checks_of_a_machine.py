"""`nbh doctor` of a machine: each check broken, and mended as it advises (E-5)."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec

from nbh_cli import images
from nbh_cli.commands.status.seen import Disk
from nbh_cli.doctor import engine, kernel, storage
from nbh_cli.host.machine import Machine
from nbh_cli.host.packages import NEEDS
from tests.cli.findings import breaks, config, is_well, is_wrong, root

GIB = 1024**3


@breaks("cgroups error")
def test_control_groups_of_version_2_must_bound_memory(tmp_path):
    broken = root(tmp_path, sys__fs__cgroup__cgroupDOTcontrollers="cpuset cpu io pids\n")
    assert is_wrong(kernel.control_groups(broken), "memory", "cgroup_enable=memory")
    root(
        tmp_path, sys__fs__cgroup__cgroupDOTcontrollers="cpu memory pids\n", proc__self__mounts=""
    )
    assert is_well(kernel.control_groups(tmp_path))


@breaks("cgroups error")
def test_control_groups_of_version_1_must_bound_memory(tmp_path):
    table = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\npids\t2\t1\t1\n"
    broken = root(tmp_path, proc__cgroups=f"{table}memory\t0\t1\t0\n", proc__self__mounts="")
    assert is_wrong(kernel.control_groups(broken), "memory")
    root(tmp_path, proc__cgroups=f"{table}memory\t3\t1\t1\n")
    assert is_well(kernel.control_groups(tmp_path))


@breaks("subuid error")
def test_ranges_of_users_are_wanted(tmp_path):
    other = "ada:100000:65536\n"
    broken = root(tmp_path, etc__subuid=other, etc__subgid=other)
    assert is_wrong(kernel.user_ranges(broken), "/etc/subuid", "/etc/subgid")
    mended = other + "containers:2147483647:2147483648\n"
    root(tmp_path, etc__subuid=mended)
    assert is_wrong(kernel.user_ranges(tmp_path), "/etc/subgid")
    root(tmp_path, etc__subgid=mended)
    assert is_well(kernel.user_ranges(tmp_path))


@breaks("sysctl warning")
def test_what_labs_share_may_be_too_little(tmp_path):
    broken = root(tmp_path, proc__sys__fs__inotify__max_user_instances="128\n")
    finding = kernel.shared_kernel(broken)
    assert is_wrong(finding, "is 128", level="warning")
    _, _, mend = finding.advice.partition("fs.inotify.max_user_instances=")
    root(tmp_path, proc__sys__fs__inotify__max_user_instances=mend)
    assert is_well(kernel.shared_kernel(tmp_path))


@breaks("clock warning")
def test_a_clock_that_nobody_keeps_is_told():
    assert is_wrong(kernel.clock(5), "chrony", level="warning")
    assert is_well(kernel.clock(0))
    assert kernel.clock_state() in range(6)


@breaks("memory error", "memory warning")
def test_labs_must_fit_the_machine(tmp_path):
    small = root(tmp_path, proc__meminfo=f"MemTotal: {4 * 1024**2} kB\n")
    assert is_wrong(kernel.memory(config(lab={"memory": 5 * GIB}), small), "lab.memory")
    assert is_well(kernel.memory(config(lab={"memory": GIB}), small))
    tiny = root(tmp_path, proc__meminfo=f"MemTotal: {1024**2} kB\n")
    assert is_wrong(kernel.memory(config(lab={"memory": GIB}), tiny), "room for", level="warning")


@breaks("programs error")
def test_programs_that_are_missing_are_named_with_what_installs_them():
    debian = Machine(
        root=False,
        distributions=("debian",),
        hybrid_cgroups=False,
        may_raise_limits=True,
        most_files=-1,
        most_processes=-1,
    )
    assert is_wrong(engine.programs(NEEDS[:1], debian), "podman", "apt-get install")
    assert is_well(engine.programs((), debian))


@breaks("podman error")
def test_an_old_podman_is_told():
    assert is_wrong(engine.version("podman version 3.4.4"), "3.4.4", "4.3")
    assert is_wrong(engine.version(""), "unknown")
    assert is_well(engine.version("podman version 4.3.1"))


# podman's API, answered as podman does


@asynccontextmanager
async def podman_that_says(folder, answers):
    """A socket at which these paths are answered, by the end of each path."""

    async def answer(reader, writer):
        path = (await reader.readline()).split()[1].decode()
        body = next((b for end, b in answers.items() if path.endswith(end)), None)
        status = b"404 Not Found" if body is None else b"200 OK"
        writer.write(b"HTTP/1.0 " + status + b"\r\n\r\n" + msgspec.json.encode(body or {}))
        writer.close()

    path = Path(folder, "podman.sock")
    async with await asyncio.start_unix_server(answer, path):
        yield path


@breaks("engine error")
async def test_a_podman_that_does_not_answer_is_told(tmp_path):
    nowhere = tmp_path / "podman.sock"
    assert is_wrong(await engine.answers(nowhere, runs=True), str(nowhere), "podman.log")
    assert (await engine.answers(nowhere, runs=False)).level == "note"
    async with podman_that_says(tmp_path, {"/info": {"host": {}}}) as there:
        assert is_well(await engine.answers(there, runs=True))


@breaks("engine warning")
async def test_few_locks_are_told(tmp_path):
    async with podman_that_says(tmp_path, {"/info": {"host": {"freeLocks": 7}}}) as there:
        assert is_wrong(
            await engine.answers(there, runs=True), "7 more", "num_locks", level="warning"
        )
    async with podman_that_says(tmp_path, {"/info": {"host": {"freeLocks": 2048}}}) as there:
        assert is_well(await engine.answers(there, runs=True))


@breaks("images error")
async def test_an_image_that_is_missing_is_told_with_whose_it_is(tmp_path):
    async with podman_that_says(tmp_path, {"minimal-notebook/json": {}}) as there:
        assert is_well(await engine.image(there, "nbhosting/minimal-notebook", []))
        missing = await engine.image(there, "localhost/site/py:0a1b", ["py"])
        assert is_wrong(missing, "no lab of py", "nbh course build py")
        assert is_wrong(await engine.image(there, "nbhosting/absent", []), "nbh images")


async def built(folder, made_from):
    """What images say that they were built from, as podman tells it."""
    answers = {
        f"{quote(repository, safe='')}%3Alatest/json": {"Labels": {images.LABEL: fingerprint}}
        for repository, fingerprint in made_from.items()
    }
    async with podman_that_says(folder, answers) as there:
        return {name: label async for name, label in engine.built_from(there)}


@breaks("images warning")
async def test_images_of_an_older_version_are_told(tmp_path):
    wanted = {image.name: f"new {image.name}" for image in images.IMAGES}
    new = {image.repository: f"new {image.name}" for image in images.IMAGES}
    old = await built(tmp_path, {**new, images.IMAGES[1].repository: "old"})
    assert is_wrong(engine.current(wanted, old), "minimal-notebook", "nbh images", level="warning")
    assert is_well(engine.current(wanted, await built(tmp_path, new)))


# disks


def a_disk(free):
    return Disk(what="all", folder="/data", free=free, total=9 * GIB, wanted=2 * GIB)


@breaks("disk error", "disk warning")
def test_a_disk_without_room_is_told():
    (full,) = storage.room([a_disk(GIB)])
    assert is_wrong(full, "nobody new", "free_bytes")
    (filling,) = storage.room([a_disk(3 * GIB)])
    assert is_wrong(filling, level="warning")
    (well,) = storage.room([a_disk(5 * GIB)])
    assert is_well(well)


@breaks("inodes error", "inodes warning")
def test_a_disk_without_files_left_is_told(tmp_path):
    assert is_wrong(storage.files(storage.Files("/data", 1000, 9)), "inodes")
    assert is_wrong(storage.files(storage.Files("/data", 1000, 40)), level="warning")
    assert is_well(storage.files(storage.Files("/data", 1000, 500)))
    assert is_well(storage.files(storage.Files("/data", 0, 0)))
    assert storage.files_of(str(tmp_path)).folder == str(tmp_path)


MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 8:2 / /data rw,relatime shared:2 - xfs /dev/sdb1 rw,attr2,prjquota
31 21 8:3 / /data/students rw shared:3 - btrfs /dev/sdc1 rw,space_cache=v2
32 21 8:4 / /database rw - tmpfs tmpfs rw
"""


def test_a_folder_is_on_the_nearest_mount():
    assert storage.mounted(MOUNTS, Path("/var/lib")).kind == "ext4"
    assert storage.mounted(MOUNTS, Path("/data/courses")).kind == "xfs"
    assert storage.mounted(MOUNTS, Path("/data/students/ada")).kind == "btrfs"


@breaks("quota error", "quota warning")
def test_a_quota_that_cannot_be_had_is_told():
    def judged(wanted, folder, has_quotas=False):
        on = storage.mounted(MOUNTS, Path(folder))
        given = config(provisioner={"disk_quota": wanted})
        return storage.quota(given, on, btrfs_has_quotas=has_quotas)

    assert is_wrong(judged("project", "/var"), "ext4", "prjquota")
    assert is_wrong(judged("btrfs", "/data/students"), "btrfs quota enable")
    assert is_wrong(judged("off", "/data"), level="warning")
    assert judged("auto", "/var").level == "note"
    assert is_well(judged("auto", "/data/courses"))
    assert is_well(judged("btrfs", "/data/students", has_quotas=True))


def test_students_beside_nats_are_told(tmp_path):
    assert storage.beside(tmp_path, tmp_path).level == "note"
    assert is_well(storage.beside(Path("/proc"), tmp_path))
