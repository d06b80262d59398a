"""The run specification: as it is asked for, and as a real lab finds it (S-32 to S-34, S-22)."""

import asyncio
import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from nbh_kit.config import Config
from nbh_kit.testing import eventually
from nbh_proto import Lab, Limits
from nbh_provisioner.engines.libpod import container_body
from nbh_provisioner.revision import Revision
from nbh_provisioner.run_spec import (
    container_name,
    fingerprint,
    limits_of,
    pool_name,
    pool_spec,
    run_spec,
    workspace_mount,
)
from tests.provisioner import labs, world

GOLDEN = Path(__file__).parent / "data" / "container.json"


@pytest.fixture
async def lab(podman_engine, site):
    """A real lab that answers, and its container."""
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    running = await podman_engine.start(spec)
    await eventually(lambda: labs.answers(spec, running), within=20)
    return spec, running


@pytest.fixture
def inside(podman_socket, lab):
    """Runs a command in the lab, as the lab's own user, and returns what it prints."""
    spec, _ = lab

    async def run(*argv: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *("podman", "--url", f"unix://{podman_socket}", "exec", spec.name, *argv),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return out.decode()

    return run


def test_a_lab_is_run_exactly_so(tmp_path):
    folder = tmp_path / "courses/python/revisions/c1"
    for area in ("modules", "static", "jupyter"):
        (folder / area).mkdir(parents=True)
    (tmp_path / "courses/python/mirror.git").mkdir()
    lab = Lab(
        node="node1",
        course="python",
        student="ada",
        state="starting",
        generation=7,
        capability="1" * 40,
        token="never-in-here",
        image="localhost/nbhosting/minimal-notebook",
        since=datetime(2026, 11, 23, tzinfo=UTC),
    )
    spec = run_spec(
        lab,
        "sha256:0123",
        Revision("python", "c1", folder, (), folder / "notebooks"),
        Path("/data/students/ada/python"),
        Path("/data/labs/111"),
        "nbh",
        Config().lab,
    )
    body = msgspec.json.encode(container_body(spec, "nbh-labs")).decode()
    pretty = msgspec.json.format(body.replace(str(tmp_path), "/data"), indent=2)
    assert pretty + "\n" == GOLDEN.read_text()


def test_a_lab_of_the_pool_is_any_lab_without_a_student(tmp_path):
    lab = Lab(
        node="node1",
        course="python",
        student="",
        state="pooled",
        generation=0,
        capability="1" * 40,
        token="never-in-here",
        image="localhost/nbhosting/minimal-notebook",
        since=datetime(2026, 11, 23, tzinfo=UTC),
    )
    revision = Revision("python", "c1", tmp_path / "c1", (), tmp_path / "c1/notebooks")
    folder, limits = Path("/data/labs/111"), Config().lab
    pooled = pool_spec(lab, "sha256:0123", revision, folder, "nbh", limits)
    ada = msgspec.structs.replace(lab, student="ada", state="starting", generation=7)
    work = Path("/data/students/ada/python")
    cold = run_spec(ada, "sha256:0123", revision, work, folder, "nbh", limits)
    place = msgspec.structs.replace(
        workspace_mount(work), source="/data/labs/111/nobodys", read_only=True
    )
    assert pooled.mounts == (place, *cold.mounts[1:])
    assert pooled.labels == cold.labels | {"nbh.student": "", "nbh.generation": "0"}
    same = {"name": "", "labels": {}, "mounts": (), "spare": False}
    assert msgspec.structs.replace(pooled, **same) == msgspec.structs.replace(cold, **same)
    assert pooled.spare
    assert "1" * 40 not in pooled.name


def test_names_of_containers_are_unambiguous_and_podman_takes_them():
    given = [
        ("nbh", "a-b", "c"),
        ("nbh", "a", "b-c"),
        ("nbh-a", "b", "c"),
        ("_x", "_y", "_z"),
        ("nbh", "c" * 128, "s" * 128),
    ]
    named = [container_name(*g) for g in given]
    named.append(_pool_name("nbh", "python", "1" * 40))
    named.append(container_name("nbh", "python", named[-1].removeprefix("nbh-python-")))
    assert len(set(named)) == len(named)
    assert all(re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", n) for n in named)
    assert all(len(n) < 220 for n in named)


def test_a_courses_own_limits_stand_over_the_sites():
    site = Config().lab
    assert limits_of(Limits(), site) == site
    own = limits_of(Limits(memory=1536 * 1024**2, cpus=0.5, processes=64), site)
    assert (own.memory, own.cpus, own.processes) == (1536 * 1024**2, 0.5, 64)
    assert own.open_files == site.open_files


def test_only_what_all_labs_share_makes_a_lab_outdated(site):
    one, other = (labs.spec(site, "image-1", student=s) for s in ("ada", "bob"))
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(labs.spec(site, "image-2")) != fingerprint(one)
    smaller = msgspec.structs.replace(one, memory=1)
    assert fingerprint(smaller) != fingerprint(one)


def _pool_name(site, course, capability):
    lab = Lab(
        node="node1",
        course=course,
        student="",
        state="pooled",
        generation=0,
        capability=capability,
        token="t",
        since=datetime(2026, 11, 23, tzinfo=UTC),
    )
    return pool_name(site, lab)


@pytest.mark.podman
async def test_a_lab_has_no_rights(inside):
    status = dict(
        line.split(":\t", 1) for line in (await inside("cat", "/proc/self/status")).splitlines()
    )
    assert {status[c] for c in ("CapInh", "CapPrm", "CapEff", "CapBnd")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert status["Uid"].split() == ["1000"] * 4


@pytest.mark.podman
async def test_nobody_in_a_lab_is_anybody_on_the_machine(inside):
    inner, outer, count = map(int, (await inside("cat", "/proc/self/uid_map")).split())
    assert (inner, count) == (0, 65536)
    assert outer >= 2**31 - 1


@pytest.mark.podman
async def test_mounts_have_no_set_uid_programs_and_no_devices(inside, lab):
    spec, _ = lab
    rows = [line.split() for line in (await inside("cat", "/proc/self/mountinfo")).splitlines()]
    options = {row[4]: set(row[5].split(",")) for row in rows}
    for mount in spec.mounts:
        assert {"nosuid", "nodev"} <= options[mount.target], mount
        assert ("ro" in options[mount.target]) == mount.read_only, mount


@pytest.mark.podman
async def test_a_set_uid_file_made_in_a_lab_is_the_students_on_the_machine(inside, data):
    await inside("sh", "-c", "cp /bin/true /home/jovyan/work/t; chmod 6755 /home/jovyan/work/t")
    made = (data / "students/ada/python/t").stat()
    assert (made.st_uid, made.st_gid) == (1000, 100)
    for closed in (data / "students", data / "students/ada"):
        assert (closed.stat().st_uid, stat.S_IMODE(closed.stat().st_mode)) == (0, 0o700)


@pytest.mark.podman
async def test_limits_hold(inside, site):
    limits = await inside("sh", "-c", "ulimit -n; ulimit -c; df -k /dev/shm | tail -1")
    files, core, shm = limits.splitlines()
    assert (int(files), core) == (site.lab.open_files, "0")
    assert int(shm.split()[1]) == 64 * 1024
    memory = await inside(
        "sh",
        "-c",
        "cat /sys/fs/cgroup/memory.max 2>/dev/null"
        " || cat /sys/fs/cgroup/memory/memory.limit_in_bytes",
    )
    assert int(memory) == site.lab.memory


@pytest.mark.podman
async def test_what_the_kernel_counts_for_all_labs_together_is_not_one_labs(inside):
    printed = await inside("python3", "-c", _ALL_INOTIFY_INSTANCES)
    assert 16 <= int(printed) <= 64
    assert await inside("cat", "/proc/sys/user/max_inotify_watches") == "8192\n"
    assert 16 <= int(await inside("python3", "-c", _ALL_TERMINALS)) <= 32


_ALL_INOTIFY_INSTANCES = """
import ctypes
libc = ctypes.CDLL(None)
taken = 0
while libc.inotify_init1(0) >= 0:
    taken += 1
print(taken)
"""
_ALL_TERMINALS = """
import os
taken = []
try:
    while True:
        taken.append(os.openpty())
except OSError:
    print(len(taken))
"""


@pytest.mark.podman
async def test_tmp_is_bounded(inside, site):
    quarter = site.lab.memory // 4
    for folder in ("/tmp", "/var/tmp"):
        said = await inside("sh", "-c", f"head -c {2**30} /dev/zero > {folder}/big")
        assert "No space left on device" in said
        assert int(await inside("stat", "-c", "%s", f"{folder}/big")) <= quarter
        await inside("rm", f"{folder}/big")


@pytest.mark.podman
async def test_the_token_is_in_a_file_that_only_the_lab_reads(podman_socket, inside, lab):
    spec, _ = lab
    assert await inside("cat", "/run/nbh/token") == labs.TOKEN
    process = await asyncio.create_subprocess_exec(
        *("podman", "--url", f"unix://{podman_socket}", "inspect", spec.name),
        stdout=asyncio.subprocess.PIPE,
    )
    inspected, _ = await process.communicate()
    assert labs.TOKEN not in inspected.decode()
    everything = await inside("sh", "-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ")
    assert labs.TOKEN not in everything
    token = Path(next(m.source for m in spec.mounts if m.target == "/run/nbh")) / "token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o440


@pytest.mark.podman
async def test_a_course_is_there_to_read_and_not_to_write(inside):
    assert await inside("python", "-c", "import helper; print(helper.x)") == "1\n"
    for path in ("/home/jovyan/modules/helper.py", "/run/nbh/token"):
        assert "cannot touch" in await inside("touch", path)


@pytest.mark.podman
async def test_jupyter_serves_the_students_own_files(lab, data):
    spec, running = lab
    work = data / "students/ada/python"
    (work / "mine.txt").write_text("hello")
    os.chown(work / "mine.txt", 1000, 100)
    found = (await labs.get(spec, running, "api/contents/mine.txt")).json()
    assert (found["content"], found["writable"]) == ("hello", True)


@pytest.mark.podman
async def test_only_platforms_may_show_a_lab_in_a_frame(lab):
    spec, running = lab
    page = await labs.get(spec, running, "tree")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("frame-ancestors 'self' ")
    assert "*" not in policy
