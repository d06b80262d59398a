"""The classroom's way: a workspace is a clone of the course (C1, C2)."""

import os
import subprocess
from pathlib import Path

import pytest

from nbh_proto import Course
from nbh_provisioner.clones import CloneFailed, Clones
from nbh_provisioner.files import taking
from nbh_provisioner.files.ledger import Ledger
from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.preparation import Preparation
from nbh_provisioner.revision import Revisions
from tests.provisioner import world
from tests.provisioner.labs import OWNER

MIRROR = "/srv/course.git"
UID = 64102 if os.getuid() == 0 else None


def git(folder: Path, *arguments: str) -> str:
    """Run git as an author or a student would."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "safe.directory=*")
    argv = ("/usr/bin/git", *who, *arguments)
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def mirror(data, tmp_path):
    """The course python with its mirror."""
    author = tmp_path / "author"
    (author / "w1").mkdir(parents=True)
    git(author, "init", "--quiet", "--initial-branch", "trunk")
    (author / "w1/n1.ipynb").write_text("original")
    (author / "w1/helper.py").write_text("x = 1\n")
    (author / "here").symlink_to("w1")
    git(author, "add", ".")
    git(author, "commit", "--quiet", "-m", "one")
    bare = data / "courses/python/mirror.git"
    bare.parent.mkdir(parents=True)
    git(author, "clone", "--quiet", "--mirror", str(author), str(bare))
    world.publish(data, {"w1/n1.ipynb": "original"})
    return bare


@pytest.fixture
def work(students):
    return students / "ada/python"


@pytest.fixture
def students(data):
    """Where all workspaces are."""
    return data / "students"


@pytest.fixture
def said_copying():
    """Filled when who waits is told that it takes a moment."""
    return []


@pytest.fixture
async def opened(data, students, mirror, said_copying):
    """Opens a notebook of Ada's in a git workspace."""
    clones = Clones(data / "preparing", UID)
    preparation = Preparation(Workspaces(students, OWNER), clones, OWNER)
    course = Course(course="python", giturl="x", image="x")

    async def copying():
        said_copying.append(True)

    async def open_(notebook="w1/n1", **fields):
        revision = Revisions(data / "courses").current(course)
        requested = world.access(notebook, workspace="git", **fields)
        return await preparation.ready(requested, revision, copying)

    yield open_
    preparation.close()
    assert list(data.glob("preparing/*")) == []


async def test_a_first_open_clones_the_course(opened, work, said_copying):
    ready = await opened()
    assert ready.notebook == "w1/n1.ipynb"
    assert git(work, "status", "--porcelain") == ""
    assert git(work, "branch", "--show-current") == "trunk"
    assert git(work, "remote", "get-url", "origin") == MIRROR
    assert git(work, "rev-parse", "--abbrev-ref", "origin/HEAD") == "origin/trunk"
    assert said_copying == [True]


async def test_one_file_of_a_clone_is_reset_and_comes_back(opened, work):
    await opened(action="reset")
    (work / "w1/n1.ipynb").write_text("the student's")
    (work / "w1/helper.py").write_text("x = 2\n")
    ready = await opened(action="reset")
    assert (work / "w1/n1.ipynb").read_text() == "original"
    assert (work / ready.kept_as).read_text() == "the student's"
    # nothing else of it is touched
    assert (work / "w1/helper.py").read_text() == "x = 2\n"
    assert git(work, "diff", "--name-only") == "w1/helper.py"
    await opened(action="undo")
    assert (work / "w1/n1.ipynb").read_text() == "the student's"


async def test_nothing_of_this_machine_stands_in_a_clone(opened, work, data):
    await opened()
    for file in (work / ".git").rglob("*"):
        if file.is_file():
            assert str(data).encode() not in file.read_bytes(), file


@pytest.mark.skipif(OWNER is None, reason="only root gives files away")
async def test_a_clone_is_the_students(opened, work):
    await opened()
    owners = {(p.lstat().st_uid, p.lstat().st_gid) for p in (work, *work.rglob("*"))}
    assert owners == {tuple(OWNER)}


async def test_a_second_open_changes_nothing(opened, work, said_copying):
    await opened()
    (work / "w1/n1.ipynb").write_text("the student's")
    before = (work / ".git/config").stat().st_mtime_ns
    ready = await opened()
    assert ready.notebook == "w1/n1.ipynb"
    assert (work / "w1/n1.ipynb").read_text() == "the student's"
    assert (work / ".git/config").stat().st_mtime_ns == before
    assert said_copying == [True]


async def test_what_the_student_has_stays_and_the_rest_is_added(opened, work):
    (work / "w1").mkdir(parents=True)
    (work / "w1/n1.ipynb").write_text("the student's")
    (work / "here").write_text("a file where the course has a link")
    (work / "own.txt").write_text("mine")
    await opened()
    assert (work / "w1/n1.ipynb").read_text() == "the student's"
    assert (work / "here").read_text() == "a file where the course has a link"
    assert (work / "w1/helper.py").read_text() == "x = 1\n"
    changed = git(work, "status", "--porcelain").split("\n")
    assert {line.split()[-1] for line in changed} == {"here", "own.txt", "w1/n1.ipynb"}


async def test_a_repository_of_the_students_only_gets_its_origin_put_right(
    opened, work, said_copying
):
    work.mkdir(parents=True)
    git(work, "init", "--quiet")
    git(work, "remote", "add", "origin", "https://example.org/old.git")
    git(work, "remote", "add", "mine", "https://example.org/mine.git")
    await opened()
    assert git(work, "remote", "get-url", "origin") == MIRROR
    assert git(work, "remote", "get-url", "mine") == "https://example.org/mine.git"
    assert said_copying == []


async def test_a_repository_without_an_origin_gets_one(opened, work):
    work.mkdir(parents=True)
    git(work, "init", "--quiet")
    await opened()
    assert git(work, "config", "remote.origin.url") == MIRROR


@pytest.mark.parametrize(
    "broken", ["not [a config", "[core", "x" * 100_000], ids=["junk", "half", "long"]
)
async def test_a_broken_repository_does_not_keep_the_notebook_from_opening(opened, work, broken):
    (work / ".git").mkdir(parents=True)
    (work / ".git/config").write_text(broken)
    assert (await opened()).notebook == "w1/n1.ipynb"
    assert (work / ".git/config").read_text() == broken


async def test_hooks_and_settings_of_a_student_are_never_run(opened, work, tmp_path):
    await opened()
    trap = f"touch {tmp_path}/HACKED"
    for hook in ("post-checkout", "pre-commit", "reference-transaction"):
        (work / ".git/hooks").mkdir(exist_ok=True)
        (work / ".git/hooks" / hook).write_text(f"#!/bin/sh\n{trap}\n")
        (work / ".git/hooks" / hook).chmod(0o755)
    git(work, "config", "core.fsmonitor", trap)
    git(work, "config", "core.sshCommand", trap)
    git(work, "config", "remote.origin.url", f"ext::sh -c '{trap}'")
    await opened()
    assert git(work, "config", "remote.origin.url") == MIRROR
    assert not (tmp_path / "HACKED").exists()


@pytest.mark.skipif(OWNER is None, reason="only root mounts")
class TestOnADiskOfTheirOwn:
    """Workspaces may be on another file system than the one clones are prepared on."""

    @pytest.fixture
    def students(self, small_disk):
        return small_disk / "students"

    async def test_a_clone_comes_in_all_the_same(self, opened, work):
        (work / "w1").mkdir(parents=True)
        (work / "w1/n1.ipynb").write_text("the student's")
        await opened()
        brought = [work / "here", work / "w1/helper.py", *(work / ".git").rglob("*")]
        assert {(p.lstat().st_uid, p.lstat().st_gid) for p in brought} == {tuple(OWNER)}
        assert (work / "here").readlink() == Path("w1")
        assert git(work, "status", "--porcelain").split() == ["M", "w1/n1.ipynb"]


async def test_a_mirror_that_is_none_is_told(data):
    clones = Clones(data / "preparing", UID)
    (data / "none").mkdir()
    with pytest.raises(CloneFailed):
        async with clones.clone(data / "none"):
            raise AssertionError("there is nothing to clone")
    assert world.entries(data / "preparing") == []


async def test_a_clone_of_the_old_system_fetches_from_here_at_the_next_open(
    data, students, mirror, opened, tmp_path, work
):
    old = tmp_path / "old/ada/python"
    git(mirror, "clone", "--quiet", str(mirror), str(old))
    git(old, "config", "remote.origin.url", "/nbhosting/current/courses-git/python")
    (old / "w1/n1.ipynb").write_text("committed there")
    git(old, "commit", "--quiet", "-a", "-m", "mine")
    source = os.open(old, os.O_RDONLY)
    with Workspaces(students, OWNER).made("ada/python") as root:
        assert taking.take(source, root, OWNER, Ledger({})).left_out == []
    os.close(source)
    await opened()
    assert git(work, "config", "remote.origin.url") == MIRROR
    assert git(work, "log", "-1", "--format=%s") == "mine"
    assert git(work, "status", "--porcelain") == ""
    assert (work / "w1/n1.ipynb").read_text() == "committed there"
