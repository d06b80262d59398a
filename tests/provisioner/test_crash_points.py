"""Killed at any call that changes a student's files, nothing is lost or half there (R-6)."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nbh_provisioner.shares.snapshots import Snapshots
from tests.provisioner import doing, world
from tests.tracing import strace

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


def run(data: Path, what: str, inject: str = "") -> subprocess.CompletedProcess[str]:
    """Do it in a process of its own, with what strace injects into its system calls."""
    traced: tuple[str, ...] = ()
    if inject:
        call = inject.partition(":")[0]
        traced = strace("-e", f"trace={call}", "-e", f"inject={inject}")
    argv = (*traced, sys.executable, doing.__file__, str(data), what)
    return subprocess.run(argv, capture_output=True, text=True)


def killed_everywhere(make, what, calls, check) -> list[str]:
    """Kill at every one of these calls in turn; check after each, then do it to its end.

    Returns where it was killed.
    """
    points = []
    for call in calls:
        for number in range(1, 50):
            data = make()
            ended = run(data, what, f"{call}:signal=KILL:when={number}")
            if ended.returncode == 0:
                break
            assert -ended.returncode == signal.SIGKILL, ended.stderr
            points.append(f"{call} {number}")
            check(data, False)
            doing.do(data, what)
            check(data, True)
            leftovers = [p for p in (data / "students").rglob("*") if ".part" in p.name]
            assert leftovers == []
    return points


@pytest.fixture
def make(tmp_path):
    numbers = itertools.count()

    def fresh() -> Path:
        data = tmp_path / str(next(numbers))
        world.publish(data, {"w1/n1.ipynb": "original"}, static={"data/a.csv": "1"})
        return data

    return fresh


@pytest.fixture
def make_worked(make):
    def worked() -> Path:
        data = make()
        doing.do(data, "open")
        (data / "students/ada/python/w1/n1.ipynb").write_text("the student's")
        return data

    return worked


def test_a_copy_is_whole_or_absent(make):
    def check(data: Path, ended: bool) -> None:
        copy = data / "students/ada/python/w1/n1.ipynb"
        if ended or copy.exists():
            assert copy.read_text() == "original"
            assert os.getuid() != 0 or copy.stat().st_uid == 1000
        if ended:
            assert all(p.lstat().st_uid in (1000, os.getuid()) for p in copy.parents)
            assert (copy.parent / "data").is_symlink()
            assert os.getuid() != 0 or copy.parent.stat().st_uid == 1000

    calls = ("mkdirat", "fchown", "fsync", "renameat2", "symlinkat")
    points = killed_everywhere(make, "open", calls, check)
    assert {p.split()[0] for p in points} >= {"mkdirat", "fsync", "renameat2", "symlinkat"}


def test_a_reset_never_loses_the_students_version(make_worked):
    def check(data: Path, ended: bool) -> None:
        folder = data / "students/ada/python/w1"
        texts = {p.name: p.read_text() for p in folder.glob("*.ipynb")}
        assert "the student's" in texts.values()
        assert texts["n1.ipynb"] in ("the student's", "original")
        if ended:
            assert sorted(texts.values()) == ["original", "the student's"]

    points = killed_everywhere(make_worked, "reset", ("linkat", "fsync", "renameat"), check)
    assert points == ["linkat 1", "fsync 1", "fsync 2", "renameat 1"]


def test_an_undo_never_loses_a_version(make_worked):
    def reset() -> Path:
        data = make_worked()
        doing.do(data, "reset")
        (data / "students/ada/python/w1/n1.ipynb").write_text("begun anew")
        return data

    def check(data: Path, ended: bool) -> None:
        folder = data / "students/ada/python/w1"
        texts = {p.name: p.read_text() for p in folder.glob("*.ipynb")}
        assert set(texts.values()) == {"begun anew", "the student's"}
        if ended:
            assert texts["n1.ipynb"] == "the student's"
            assert len(texts) == 2

    points = killed_everywhere(reset, "undo", ("linkat", "renameat", "fsync"), check)
    assert points == ["linkat 1", "renameat 1", "fsync 1"]


@pytest.mark.parametrize("before", [None, "old"], ids=["the first time", "again"])
def test_a_shared_page_is_whole_and_keeps_its_link(make, before):
    names = {}

    def made() -> Path:
        data = make()
        if before:
            doing.do(data, "share")
            (page,) = (data / "snapshots").glob("*.html")
            page.write_text(before)
            names[data] = page.name
        return data

    def check(data: Path, ended: bool) -> None:
        pages = Snapshots(data / "snapshots", None)
        pages.load()
        there = {p.name: p.read_text() for p in (data / "snapshots").glob("*.html")}
        assert [f"{share.name}.html" for share in pages.find()] == list(there)
        assert set(there.values()) <= {before, "new"}
        if before:
            assert list(there) == [names[data]]
        if ended:
            assert list(there.values()) == ["new"]
            assert {p.suffix for p in (data / "snapshots").iterdir()} == {".html", ".json"}

    points = killed_everywhere(made, "share", ("fsync", "rename"), check)
    assert points == ["fsync 1", "fsync 2", "fsync 3", "rename 1", "rename 2"]


def test_a_clone_comes_in_whole_around_what_the_student_has(make_worked):
    def check(data: Path, ended: bool) -> None:
        work = data / "students/ada/python"
        assert (work / "w1/n1.ipynb").read_text() == "the student's"
        if ended or (work / ".git").exists():
            assert (work / ".git/config").read_text() == "x"
            assert (work / "w1/n2.ipynb").read_text() == "two"

    points = killed_everywhere(make_worked, "clone", ("renameat2",), check)
    assert len(points) == 4


def test_a_repositorys_configuration_is_the_old_or_the_new(make):
    def with_config() -> Path:
        data = make()
        config = data / "students/ada/python/.git/config"
        config.parent.mkdir(parents=True)
        config.write_text("old")
        return data

    def check(data: Path, ended: bool) -> None:
        text = (data / "students/ada/python/.git/config").read_text()
        assert text == "new" if ended else text in ("old", "new")

    points = killed_everywhere(with_config, "config", ("fsync", "renameat"), check)
    assert points == ["fsync 1", "fsync 2", "renameat 1"]


@pytest.fixture
def make_class(make):
    def worked() -> Path:
        data = make()
        for student in ("ada", "bob", "cleo"):
            (data / "students" / student / "python").mkdir(parents=True)
            (data / "students" / student / "python" / "mine.txt").write_text(student)
        return data

    return worked


def test_a_course_that_gets_another_name_loses_no_students_files(make_class):
    def check(data: Path, ended: bool) -> None:
        files = {p.read_text(): p.parent.name for p in data.glob("students/*/*/mine.txt")}
        assert sorted(files) == ["ada", "bob", "cleo"]
        assert not ended or set(files.values()) == {"py3"}

    points = killed_everywhere(make_class, "move", ("renameat2", "syncfs"), check)
    assert points == ["renameat2 1", "renameat2 2", "renameat2 3", "syncfs 1"]


def test_a_workspace_that_is_to_be_removed_is_there_whole_or_out_of_reach(make_class):
    def check(data: Path, ended: bool) -> None:
        left = list(data.glob("students/*/python"))
        assert all((workspace / "mine.txt").exists() for workspace in left)
        assert not ended or not (left or (data / "students/.removed").exists())

    points = killed_everywhere(make_class, "remove", ("renameat2", "unlinkat", "rmdir"), check)
    assert len(points) >= 6


@pytest.mark.parametrize("call", ["fsync", "renameat", "linkat", "fchmod", "utimensat"])
def test_a_disk_that_fails_leaves_the_students_version(make_worked, call):
    data = make_worked()
    failed = run(data, "reset", f"{call}:error=EIO:when=1")
    assert "WorkspaceUnusable" in failed.stderr
    folder = data / "students/ada/python/w1"
    assert (folder / "n1.ipynb").read_text() == "the student's"
    doing.do(data, "reset")
    texts = sorted(p.read_text() for p in folder.glob("*.ipynb"))
    assert texts == ["original", "the student's"]
