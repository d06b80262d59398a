"""Run by `test_projects_keep_a_share` on a kernel with project quotas: not collected here."""

import os
from pathlib import Path

import pytest

from nbh_provisioner.files.housing import Housing
from nbh_provisioner.files.usage import DiskUsage
from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.quotas import finding, project_calls
from nbh_provisioner.quotas.project import Project
from nbh_provisioner.room import Room
from tests.provisioner import disks
from tests.provisioner.a_student import does
from tests.provisioner.bounding import MIB, ROOM, Bounded
from tests.provisioner.labs import OWNER

FULL = {"EDQUOT", "ENOSPC"}
"""ext4 says the one, XFS the other."""


@pytest.fixture
def students(request):
    """A folder of students' files for each test."""
    return Path(os.environ["NBH_STUDENTS"]) / request.node.name


@pytest.fixture
def quota(students):
    """What keeps them within their share."""
    return finding.find("auto", students)


@pytest.fixture
def bounded(students, quota):
    return Bounded(students, quota)


def taken(quota, path):
    folder = os.open(path, os.O_RDONLY)
    try:
        return quota.taken(folder)
    finally:
        os.close(folder)


def test_this_kernel_has_project_quotas(students):
    students.mkdir(parents=True)
    assert isinstance(finding.find("auto", students), Project)
    assert isinstance(finding.find("project", students), Project)
    assert finding.find("btrfs", students).name == "watchdog"


def test_who_is_full_writes_nothing_deletes_and_writes_again(bounded):
    ada, bob = bounded(), bounded("bob")
    said = does(ada, "fill", "write", "delete", "write")
    assert set(said[:2]) <= FULL
    assert said[2:] == ["done", "done"]
    assert does(bob, "write") == ["done"]


def test_files_are_bounded_too(bounded, quota):
    ada = bounded()
    (said,) = does(ada, "many")
    assert said in FULL
    assert taken(quota, ada).files == 1000
    assert does(ada, "delete-many", "write") == ["done", "done"]


def test_another_room_holds_at_once(bounded):
    ada = bounded()
    assert set(does(ada, "fill")) <= FULL
    bounded(room=Room(100 * MIB, 1000))
    assert does(ada, "fill") == ["done"]
    bounded(room=ROOM)
    said = does(ada, "write", "delete", "write")
    assert said[0] in FULL
    assert said[1:] == ["done", "done"]


async def test_what_is_taken_is_known_without_counting(bounded, students, quota):
    ada = bounded()
    does(ada, "write")
    counting = DiskUsage(students, quota)
    try:
        found = await counting.now("ada/python", 0)
    finally:
        counting.close()
    assert MIB <= found.bytes < 1.1 * MIB
    assert found.files == 2


def test_what_was_there_before_is_of_its_student_too(students, quota):
    with Workspaces(students, OWNER).made("ada/python") as folder:
        work = students / "ada/python"
        does(work, "write")
        (work / "w1/deep").mkdir(parents=True)
        (work / "w1/deep/n1.ipynb").write_bytes(b"x" * MIB)
        (work / "w1/link").symlink_to("/etc/passwd")
        os.mkfifo(work / "w1/pipe")
        assert quota.taken(folder) is None
        quota.bound(folder, ROOM)
        assert 2 * MIB <= quota.taken(folder).bytes < 2.2 * MIB
    assert set(does(work, "fill")) <= FULL
    os.chown(work / "w1/deep", 1000, 100)
    assert set(does(work / "w1/deep", "write")) <= FULL


def test_a_start_that_was_killed_half_way_is_done_again(students, quota):
    with Workspaces(students, OWNER).made("ada/python") as folder:
        does(students / "ada/python", "write")
        half = os.open(students / "ada/python/little", os.O_RDONLY)
        project_calls.set_project(half, 77_777_777, inherit=False)
        os.close(half)
        quota.bound(folder, ROOM)
        assert quota.taken(folder).bytes >= MIB


def test_a_project_of_all_students_is_left_to_the_operator(students):
    students.mkdir(parents=True)
    folder = os.open(students, os.O_RDONLY)
    project_calls.set_project(folder, 42, inherit=True)
    os.close(folder)
    assert finding.find("auto", students).name == "watchdog"


def test_no_two_workspaces_share(bounded):
    seen = set()
    for number in range(20):
        folder = os.open(bounded(f"s{number}"), os.O_RDONLY)
        seen.add(project_calls.project(folder))
        os.close(folder)
    assert len(seen) == 20
    assert min(seen) > 0


def test_workspaces_move_and_go_with_their_course(bounded, students):
    bounded()
    ada = bounded()
    does(ada, "write")
    housing = Housing(students)
    housing.rename("python", "py3")
    assert set(does(students / "ada/py3", "fill")) <= FULL
    housing.remove("py3")
    housing.sweep()
    assert disks.everything_below(students) == ["ada"]


def test_a_student_cannot_leave_their_project(bounded):
    ada = bounded()
    assert does(ada, "leave") == ["EINVAL"]
