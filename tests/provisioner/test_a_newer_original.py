"""Who works at an older version of a notebook than the course has is told, and decides."""

import os
from datetime import UTC, datetime

import pytest

from nbh_proto import Course, FindOriginal, OriginalFound, OriginalPassedOver, PassOverOriginal
from nbh_provisioner.files.failure import FilesError
from nbh_provisioner.files.newer import MOST_SHOWN
from nbh_provisioner.files.workspace import Wanted, Workspaces
from nbh_provisioner.revision import Revisions
from tests.provisioner import world
from tests.provisioner.labs import OWNER

AT = datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC)


class Work:
    """Ada's workspace in a course."""

    def __init__(self, data):
        self.data = data
        self.workspaces = Workspaces(data / "students", OWNER)
        self.copy = data / "students/ada/python/n1.md"
        self.commits = 0

    def publish(self, text):
        self.commits += 1
        world.publish(self.data, {"n1.md": text}, commit=f"c{self.commits}")

    @property
    def wanted(self):
        course = Course(course="python", giturl="x", image="x")
        return Wanted("ada", Revisions(self.data / "courses").current(course), "n1")

    def newer(self):
        found = self.workspaces.newer(self.wanted)
        return found.text if found else None


@pytest.fixture
def work(data):
    made = Work(data)
    made.publish("first")
    made.workspaces.prepare(made.wanted)
    return made


def test_a_copy_of_the_present_original_is_not_told_of(work):
    assert work.newer() is None
    work.copy.write_text("mine")
    assert work.newer() is None
    world.publish(work.data, {"n1.md": "first", "other.md": "x"}, commit="c9")
    assert work.newer() is None


def test_a_newer_original_is_told_whatever_the_student_wrote(work):
    work.publish("second")
    assert work.newer() == "second"
    work.copy.write_text("mine")
    assert work.newer() == "second"
    work.copy.write_text("second")
    assert work.newer() is None


def test_who_keeps_theirs_hears_of_the_next_one_again(work):
    work.publish("second")
    assert work.workspaces.pass_over(work.wanted)
    assert work.newer() is None
    assert work.copy.read_text() == "first"
    work.publish("third")
    assert work.newer() == "third"


def test_a_reset_takes_it_and_its_undoing_gives_it_back(work):
    work.publish("second")
    work.workspaces.reset(work.wanted, "a1", AT)
    assert work.newer() is None
    work.workspaces.undo(work.wanted, "u1", AT)
    assert work.copy.read_text() == "first"
    assert work.newer() == "second"


def test_of_a_file_that_others_made_nobody_knows(work):
    work.publish("second")
    work.copy.unlink()
    with pytest.raises(FilesError):
        work.newer()
    work.copy.write_text("mine")
    assert work.newer() is None


def test_what_cannot_be_shown_is_told_all_the_same(work):
    for original in ("x" * (MOST_SHOWN + 1), "\udcff"):
        work.publish("")
        file = work.data / f"courses/python/revisions/c{work.commits}/notebooks/n1.md"
        file.write_bytes(original.encode(errors="surrogateescape"))
        found = work.workspaces.newer(work.wanted)
        assert found is not None
        assert found.text is None


@pytest.mark.parametrize("plant", ["link", "pipe", "folder"])
def test_what_is_no_file_is_not_read(work, plant):
    work.publish("second")
    work.copy.unlink()
    match plant:
        case "link":
            work.copy.symlink_to("/etc/shadow")
        case "pipe":
            os.mkfifo(work.copy)
        case "folder":
            work.copy.mkdir()
    with pytest.raises(FilesError):
        work.newer()


async def test_the_router_asks_the_node_and_keeps_it(memory, router, bus, data):
    ready = await router.opened()
    about = {"node": "node1", "course": "python", "student": "ada", "notebook": "w1/n1"}
    assert not (await bus.ask(FindOriginal(**about), OriginalFound)).is_new
    world.publish(data, {ready.notebook: "second"}, commit="c2")
    assert await bus.ask(FindOriginal(**about), OriginalFound) == OriginalFound(
        is_new=True, text="second"
    )
    nobodys = about | {"student": "nobody"}
    assert not (await bus.ask(FindOriginal(**nobodys), OriginalFound)).is_new
    assert not (await bus.ask(PassOverOriginal(**nobodys), OriginalPassedOver)).done
    assert (await bus.ask(PassOverOriginal(**about), OriginalPassedOver)).done
    assert not (await bus.ask(FindOriginal(**about), OriginalFound)).is_new
