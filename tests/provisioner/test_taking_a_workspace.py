"""What a student had in nbhosting 0.59 comes into their workspace; nothing of either is lost."""

import os
import stat

import pytest

from nbh_provisioner.files import ledger, taking
from nbh_provisioner.files.failure import WorkspaceUnusable
from nbh_provisioner.files.workspace import Workspaces
from tests.moving import old_root
from tests.provisioner.labs import OWNER
from tests.provisioner.test_students_files import Site


class Moving:
    """Ada's old files, and her workspace here."""

    def __init__(self, folder, data):
        self.old = folder / "old/ada/python"
        self.old.mkdir(parents=True)
        self.work = data / "students/ada/python"
        self._workspaces = Workspaces(data / "students", OWNER)

    def take(self):
        source = os.open(self.old, os.O_RDONLY)
        try:
            with self._workspaces.housed("ada/python") as (parent, root):
                written = ledger.read(parent, "python")
                outcome = taking.take(source, root, OWNER, written)
                written.write(parent, "python")
                return outcome
        finally:
            os.close(source)

    def had(self, name, text, at=old_root.OLD):
        file = self.old / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (at, at))

    def here(self):
        return {
            str(p.relative_to(self.work)): p.read_text()
            for p in self.work.rglob("*")
            if p.is_file() and not p.is_symlink()
        }


@pytest.fixture
def moving(tmp_path, data):
    return Moving(tmp_path, data)


def test_files_come_with_their_times_and_belong_to_the_student(moving):
    moving.had("w1/n1.ipynb", "old work")
    (moving.old / "w1/n1.ipynb").chmod(0o4600)
    outcome = moving.take()
    assert (outcome.copied, outcome.size, outcome.known) == (1, len("old work"), 0)
    copy = moving.work / "w1/n1.ipynb"
    assert (copy.read_text(), copy.stat().st_mtime) == ("old work", old_root.OLD)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o644
    if OWNER:
        made = (moving.work, moving.work / "w1", copy)
        assert {(p.stat().st_uid, p.stat().st_gid) for p in made} == {tuple(OWNER)}


def test_twice_is_as_good_as_once(moving):
    moving.had("n1.ipynb", "old work")
    moving.take()
    again = moving.take()
    assert (again.copied, again.known, again.beside) == (0, 1, [])
    assert moving.here() == {"n1.ipynb": "old work"}


def test_what_the_student_did_here_since_stays(moving):
    moving.had("n1.ipynb", "old work")
    moving.had("n2.ipynb", "old too")
    moving.take()
    (moving.work / "n1.ipynb").write_text("newer work")
    (moving.work / "n2.ipynb").unlink()
    outcome = moving.take()
    assert (outcome.copied, outcome.beside) == (0, [])
    assert moving.here() == {"n1.ipynb": "newer work"}


def test_what_is_newer_there_comes_where_nobody_has_worked_here(moving):
    moving.had("n1.ipynb", "old work")
    moving.take()
    moving.had("n1.ipynb", "worked on there", at=old_root.OLD + 60)
    assert moving.take().copied == 1
    assert moving.here() == {"n1.ipynb": "worked on there"}


def test_what_was_changed_there_and_here_is_kept_twice_and_once_only(moving):
    moving.had("n1.ipynb", "old work")
    moving.take()
    moving.had("n1.ipynb", "worked on there", at=old_root.OLD + 60)
    (moving.work / "n1.ipynb").write_text("worked on here")
    [beside] = moving.take().beside
    assert moving.here() == {"n1.ipynb": "worked on here", beside: "worked on there"}
    assert beside.startswith("n1.kept-20200913-")
    assert moving.take().beside == []
    assert len(moving.here()) == 2


def test_a_click_that_came_first_brought_nothing_that_is_in_the_way(moving, data):
    site = Site(data)
    site.publish({"n1.ipynb": "original", "n2.ipynb": "original"})
    site.prepare("n1")
    site.prepare("n2")
    (moving.work / "n2.ipynb").write_text("worked on here")
    moving.had("n1.ipynb", "old work")
    moving.had("n2.ipynb", "old work")
    [beside] = moving.take().beside
    assert moving.here() == {
        **{"n1.ipynb": "old work", "n2.ipynb": "worked on here", beside: "old work"}
    }


def test_undoing_brings_the_old_one_back(moving, data):
    site = Site(data)
    site.publish({"n1.ipynb": "original"})
    site.prepare("n1")
    (moving.work / "n1.ipynb").write_text("worked on here")
    moving.had("n1.ipynb", "old work")
    moving.take()
    site.undo("n1")
    assert (moving.work / "n1.ipynb").read_text() == "old work"
    assert "worked on here" in moving.here().values()


def test_no_new_version_is_told_of_what_came_over(moving, data):
    site = Site(data)
    site.publish({"n1.ipynb": "original"})
    moving.had("n1.ipynb", "old work")
    moving.take()
    assert site.workspaces.newer(site.wanted("n1")) is None


def test_nothing_is_followed_and_everything_odd_is_told(moving, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text(old_root.SECRET)
    moving.had("w1/first.md", "first")
    old_root.odd(moving.old, outside)
    told = {each.path: each.why for each in moving.take().left_out}
    assert set(told) == {"passwd", "root", "up", "pipe", "socket"}
    assert "out of the workspace, to /etc/passwd" in told["passwd"]
    assert (told["pipe"], told["socket"]) == ("it is a pipe, no file", "it is a socket, no file")
    assert str((moving.work / "w1/again.md").readlink()) == "first.md"
    assert str((moving.work / "w1/mine").readlink()) == "/home/jovyan/work/w1"
    assert not os.path.lexists(moving.work / "w1/data"), "links to static files are made at opens"
    names = {os.fsencode(p.name) for p in moving.work.iterdir()}
    assert {b"caf\xe9\n.txt", b"n" * 250 + b".txt", b"broken.ipynb", b".nbautoeval"} <= names
    assert b".port" not in names


def test_a_hard_link_becomes_a_file_of_its_own(moving, tmp_path):
    moving.had("one.txt", "one")
    os.link(moving.old / "one.txt", moving.old / "two.txt")
    moving.take()
    assert (moving.work / "one.txt").stat().st_nlink == 1
    assert moving.here() == {"one.txt": "one", "two.txt": "one"}


@pytest.mark.skipif(OWNER is None, reason="only root gives files away")
def test_another_name_of_a_file_of_somebody_else_is_left(moving, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text(old_root.SECRET)
    os.link(outside, moving.old / "hard.txt")
    moving.had("theirs.txt", "another's, but nowhere else")
    os.chown(moving.old / "theirs.txt", 40002, 40002)
    os.chown(moving.old, 40001, 40001)
    [left] = moving.take().left_out
    assert (left.path, left.why) == ("hard.txt", "it is another name of a file of somebody else")
    assert moving.here() == {"theirs.txt": "another's, but nowhere else"}


def test_holes_stay_holes(moving):
    huge = moving.old / "huge.bin"
    with huge.open("wb") as file:
        file.write(b"begin")
        file.seek(1 << 40)
        file.write(b"end")
    moving.take()
    copy = moving.work / "huge.bin"
    assert copy.stat().st_size == (1 << 40) + 3
    assert copy.stat().st_blocks * 512 < 1 << 20
    with copy.open("rb") as file:
        assert file.read(5) == b"begin"
        file.seek(1 << 40)
        assert file.read() == b"end"


def test_a_student_who_plants_links_here_gains_nothing(moving, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    moving.had("w1/n1.ipynb", "old work")
    moving.work.mkdir(parents=True)
    (moving.work / "w1").symlink_to(outside)
    [left] = moving.take().left_out
    assert left.path == "w1"
    assert list(outside.iterdir()) == []
    (moving.work / "w1").unlink()
    (moving.work / "w1").mkdir()
    (outside / "target").write_text("untouched")
    (moving.work / "w1/n1.ipynb").symlink_to(outside / "target")
    assert len(moving.take().beside) == 1
    assert (outside / "target").read_text() == "untouched"


@pytest.mark.skipif(OWNER is None, reason="only root gives files away")
def test_what_was_taken_is_written_where_no_student_is(moving, data):
    moving.had("n1.ipynb", "old work")
    moving.take()
    [file] = (data / "students/ada").glob(".taken-*")
    assert (file.stat().st_uid, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600)


@pytest.mark.parametrize("content", ["{ damaged", '{"v": 2, "files": {}}'])
def test_a_record_that_cannot_be_read_stops_it_before_anything_is_done(moving, data, content):
    moving.had("n1.ipynb", "old work")
    (data / "students/ada").mkdir(parents=True)
    (data / "students/ada/.taken-python").write_text(content)
    with pytest.raises(WorkspaceUnusable, match=r"\.taken-python"):
        moving.take()
    assert moving.here() == {}
