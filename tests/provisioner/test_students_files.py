"""A student's notebook is got ready: found, copied once, reset, linked (S6, S9, S10)."""

import stat
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from nbh_proto import Course
from nbh_provisioner.files.failure import DiskFull, NotebookUnknown, WorkspaceUnusable
from nbh_provisioner.files.workspace import Wanted, Workspaces
from nbh_provisioner.revision import Revisions, Unreadable
from tests.provisioner import world
from tests.provisioner.labs import OWNER

AT = datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC)


class Site:
    """A course and the workspaces of its students."""

    def __init__(self, data):
        self.data = data
        self.workspaces = Workspaces(data / "students", OWNER)
        self.work = data / "students" / "ada" / "python"

    def publish(self, files, **more):
        world.publish(self.data, files, **more)

    def wanted(self, name, **course):
        value = Course(course="python", giturl="x", image="x", **course)
        return Wanted("ada", Revisions(self.data / "courses").current(value), name)

    def prepare(self, name, **course):
        return self.workspaces.prepare(self.wanted(name, **course))

    def glance(self, name, **course):
        return self.workspaces.glance(self.wanted(name, **course))

    def reset(self, name, access="a1", at=AT):
        return self.workspaces.reset(self.wanted(name), access, at)

    def undo(self, name, access="u1", at=AT + timedelta(minutes=1)):
        return self.workspaces.undo(self.wanted(name), access, at)


@pytest.fixture
def site(data):
    return Site(data)


def test_a_notebook_is_copied_with_its_time(site):
    site.publish({"w1/n1.ipynb": "original"})
    ready = site.prepare("w1/n1")
    copy = site.work / "w1/n1.ipynb"
    assert (ready.notebook, ready.copied) == ("w1/n1.ipynb", True)
    assert copy.read_text() == "original"
    assert copy.stat().st_mtime == 1_700_000_000


def test_only_the_notebook_is_copied(site):
    site.publish({"w1/n1.ipynb": "one", "w1/n2.ipynb": "two", "data.csv": "1"})
    site.prepare("w1/n1")
    assert [p.name for p in site.work.rglob("*") if p.is_file()] == ["n1.ipynb"]


@pytest.mark.skipif(OWNER is None, reason="only root gives files away")
def test_what_is_made_is_the_students_and_the_parents_are_closed(site):
    site.publish({"w1/deep/n1.ipynb": "x"}, static={"data/a.csv": "1"})
    site.prepare("w1/deep/n1")
    made = [site.work, *site.work.rglob("*")]
    assert len(made) == 5
    assert {(p.lstat().st_uid, p.lstat().st_gid) for p in made} == {tuple(OWNER)}
    for parent in (site.work.parent, site.work.parent.parent):
        assert (parent.stat().st_uid, stat.S_IMODE(parent.stat().st_mode)) == (0, 0o700)


def test_a_copy_that_is_there_is_never_touched(site):
    site.publish({"n1.ipynb": "first"})
    site.prepare("n1")
    (site.work / "n1.ipynb").write_text("the student's")
    before = (site.work / "n1.ipynb").stat()
    site.publish({"n1.ipynb": "second"}, commit="c2")
    assert site.prepare("n1").copied is False
    assert (site.work / "n1.ipynb").read_text() == "the student's"
    after = (site.work / "n1.ipynb").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize(
    ("course", "own", "asked", "found"),
    [
        pytest.param(["n.py", "n.ipynb", "n.md"], [], "n", "n.py", id="py first"),
        pytest.param(["n.ipynb", "n.md"], [], "n", "n.ipynb", id="then ipynb"),
        pytest.param(["n.md"], ["n.ipynb"], "n", "n.md", id="the course before the student"),
        pytest.param([], ["n.ipynb"], "n", "n.ipynb", id="the student's own"),
        pytest.param(["n.py", "n.md"], [], "n.md", "n.md", id="an explicit md"),
        pytest.param(["n.ipynb"], [], "n.py", "n.ipynb", id="py asks for ipynb next"),
        pytest.param(["1.2-intro.ipynb"], [], "1.2-intro", "1.2-intro.ipynb", id="a dot"),
    ],
)
def test_notebooks_are_found_in_order(site, course, own, asked, found):
    site.publish(dict.fromkeys(course, "x"))
    site.work.mkdir(parents=True)
    for name in own:
        (site.work / name).write_text("mine")
    assert site.prepare(asked).notebook == found


def test_accents_are_found_however_the_author_wrote_them(site):
    composed = unicodedata.normalize("NFC", "été/leçon")
    decomposed = unicodedata.normalize("NFD", composed)
    site.publish({f"{decomposed}.md": "x"})
    assert site.prepare(composed).notebook == f"{decomposed}.md"
    assert (site.work / f"{decomposed}.md").read_text() == "x"


def test_a_notebook_that_nobody_has_is_unknown(site):
    site.publish({"n1.ipynb": "x"})
    (site.data / "courses/python/revisions/c1/notebooks/folder.ipynb").mkdir()
    for name in ("n2", "n1/n2", "folder"):
        with pytest.raises(NotebookUnknown):
            site.prepare(name)


def test_a_link_in_a_course_is_not_followed(site):
    site.publish({"n1.ipynb": "x"})
    notebooks = site.data / "courses/python/revisions/c1/notebooks"
    (notebooks / "secret.md").symlink_to("/etc/shadow")
    (notebooks / "etc").symlink_to("/etc")
    for name in ("secret", "etc/motd"):
        with pytest.raises((NotebookUnknown, WorkspaceUnusable)):
            site.prepare(name)


def test_a_course_without_a_revision_is_unreadable(site):
    with pytest.raises(Unreadable):
        site.prepare("n1")


def test_what_is_ready_is_seen_at_a_glance(site):
    site.publish({"w1/n1.ipynb": "x"}, static={"data/a.csv": "1"})
    assert site.glance("w1/n1") is None
    site.prepare("w1/n1")
    assert site.glance("w1/n1").notebook == "w1/n1.ipynb"
    (site.work / "w1/data").unlink()
    assert site.glance("w1/n1") is None
    site.prepare("w1/n1")
    (site.work / "w1/n1.ipynb").unlink()
    assert site.glance("w1/n1") is None
    assert site.glance("w1/n2") is None


def test_a_reset_puts_the_original_back_and_keeps_the_students_copy(site):
    site.publish({"w1/n1.ipynb": "original"})
    site.prepare("w1/n1")
    (site.work / "w1/n1.ipynb").write_text("the student's")
    ready = site.reset("w1/n1")
    assert ready.kept_as.startswith("w1/n1.kept-20261123-153012-")
    assert (site.work / "w1/n1.ipynb").read_text() == "original"
    assert (site.work / ready.kept_as).read_text() == "the student's"


def test_a_reset_that_comes_twice_is_done_once(site):
    site.publish({"n1.ipynb": "original"})
    site.prepare("n1")
    (site.work / "n1.ipynb").write_text("the student's")
    first = site.reset("n1", access="a1")
    (site.work / "n1.ipynb").write_text("newer work")
    again = site.reset("n1", access="a1", at=AT + timedelta(seconds=7))
    assert again.kept_as == first.kept_as
    assert (site.work / "n1.ipynb").read_text() == "newer work"


def test_every_reset_keeps_a_copy_of_its_own(site):
    site.publish({"n1.ipynb": "original"})
    kept = set()
    for n in range(3):
        site.prepare("n1")
        (site.work / "n1.ipynb").write_text(f"version {n}")
        kept.add(site.reset("n1", access=f"a{n}").kept_as)
    assert {(site.work / k).read_text() for k in kept} == {f"version {n}" for n in range(3)}


def test_a_reset_without_a_copy_is_an_open(site):
    site.publish({"n1.ipynb": "original"})
    assert site.reset("n1").kept_as == ""
    assert (site.work / "n1.ipynb").read_text() == "original"


def test_an_undo_brings_back_what_the_last_reset_kept(site):
    site.publish({"w1/n1.ipynb": "original"})
    site.prepare("w1/n1")
    copy = site.work / "w1/n1.ipynb"
    copy.write_text("the student's")
    reset = site.reset("w1/n1")
    copy.write_text("begun anew")
    ready = site.undo("w1/n1")
    assert copy.read_text() == "the student's"
    assert ready.was_kept_as == reset.kept_as
    assert (site.work / ready.kept_as).read_text() == "begun anew"
    # and back
    again = site.undo("w1/n1", access="u2", at=AT + timedelta(minutes=2))
    assert copy.read_text() == "begun anew"
    assert (site.work / again.kept_as).read_text() == "the student's"
    assert len(list(site.work.glob("w1/n1*"))) == 2


def test_what_is_brought_back_can_be_written_without_what_is_kept(site):
    site.publish({"n1.ipynb": "original"})
    site.prepare("n1")
    (site.work / "n1.ipynb").write_text("the student's")
    site.reset("n1")
    kept = site.work / site.undo("n1").kept_as
    (site.work / "n1.ipynb").write_text("more")
    assert kept.read_text() == "original"


def test_the_version_that_was_kept_last_comes_back(site):
    site.publish({"n1.ipynb": "original"})
    site.prepare("n1")
    for n in range(4):
        (site.work / "n1.ipynb").write_text(f"version {n}")
        site.reset("n1", access=f"a{n}", at=AT + timedelta(seconds=n // 2))
    site.undo("n1")
    assert (site.work / "n1.ipynb").read_text() == "version 3"


def test_an_undo_that_comes_twice_is_done_once(site):
    site.publish({"n1.ipynb": "original"})
    site.prepare("n1")
    (site.work / "n1.ipynb").write_text("the student's")
    site.reset("n1")
    site.undo("n1", access="u1")
    before = world.entries(site.work)
    assert site.undo("n1", access="u1", at=AT + timedelta(minutes=9)).was_kept_as == ""
    assert (site.work / "n1.ipynb").read_text() == "the student's"
    assert world.entries(site.work) == before


def test_an_undo_of_a_deleted_notebook_that_comes_twice_is_done_once(site):
    site.publish({"n1.ipynb": "original"})
    site.prepare("n1")
    for n in range(2):
        (site.work / "n1.ipynb").write_text(f"version {n}")
        site.reset("n1", access=f"a{n}", at=AT + timedelta(seconds=n))
    (site.work / "n1.ipynb").unlink()
    assert site.undo("n1", access="u1").was_kept_as
    (site.work / "n1.ipynb").write_text("more of version 1")
    before = world.entries(site.work)
    again = site.undo("n1", access="u1", at=AT + timedelta(minutes=9))
    assert (again.was_kept_as, again.kept_as) == ("", "")
    assert (site.work / "n1.ipynb").read_text() == "more of version 1"
    assert world.entries(site.work) == before
    # another one leads on
    site.undo("n1", access="u2", at=AT + timedelta(minutes=10))
    assert (site.work / "n1.ipynb").read_text() == "version 0"


def test_an_undo_without_anything_kept_only_opens(site):
    site.publish({"n1.ipynb": "original"})
    for _ in range(2):  # also when it was not there
        ready = site.undo("n1")
        assert (ready.notebook, ready.was_kept_as, ready.kept_as) == ("n1.ipynb", "", "")
        assert world.entries(site.work) == ["n1.ipynb"]


def test_a_deleted_notebook_is_brought_back_from_what_was_kept(site):
    site.publish({"n1.ipynb": "original"})
    site.prepare("n1")
    (site.work / "n1.ipynb").write_text("the student's")
    site.reset("n1")
    (site.work / "n1.ipynb").unlink()
    assert site.undo("n1").kept_as == ""
    assert (site.work / "n1.ipynb").read_text() == "the student's"


def test_what_only_looks_kept_is_not_brought_back(site):
    site.publish({"n1.ipynb": "original"})
    site.prepare("n1")
    name = "n1.kept-20990101-000000-abcdef"
    (site.work / f"{name}.ipynb").symlink_to("/etc/shadow")
    (site.work / f"{name}.py").write_text("another ending")
    (site.work / f"x{name}.ipynb").write_text("another notebook")
    (site.work / "n1.kept-yesterday.ipynb").write_text("by hand")
    (site.work / "n1.kept-20990101-000001-abcdef.ipynb").mkdir()
    site.undo("n1")
    assert (site.work / "n1.ipynb").read_text() == "original"


def test_a_notebook_of_the_students_own_is_never_reset(site):
    site.publish({"other.ipynb": "x"})
    site.work.mkdir(parents=True)
    (site.work / "mine.ipynb").write_text("mine")
    ready = site.reset("mine")
    assert (ready.notebook, ready.was_reset) == ("mine.ipynb", False)
    assert world.entries(site.work) == ["mine.ipynb"]


def test_links_stand_beside_each_notebook(site):
    site.publish(
        {"w1/n1.ipynb": "x", "n2.ipynb": "x"},
        static={"media/a.png": "1", "data/a.csv": "1"},
    )
    site.prepare("w1/n1")
    site.prepare("n2")
    for folder in (site.work, site.work / "w1"):
        for name in ("media", "data"):
            assert (folder / name).readlink().as_posix() == f"/home/jovyan/static/{name}"


def test_links_follow_the_courses_mappings(site):
    site.publish({"n1.ipynb": "x"}, static={"pictures/a.png": "1"})
    mappings = (("img/small", "pictures"), ("gone", "nothing-there"), ("../up", "pictures"))
    site.prepare("n1", static_mappings=mappings)
    assert (site.work / "img/small").readlink().as_posix() == "/home/jovyan/static/pictures"
    assert world.entries(site.work) == ["img", "n1.ipynb"]


def test_a_link_that_leads_elsewhere_is_made_anew(site):
    site.publish({"n1.ipynb": "x"}, static={"data/a.csv": "1"})
    site.work.mkdir(parents=True)
    (site.work / "data").symlink_to("/etc")
    site.prepare("n1")
    assert (site.work / "data").readlink().as_posix() == "/home/jovyan/static/data"


def test_the_students_own_file_of_a_links_name_stays(site):
    site.publish({"n1.ipynb": "x"}, static={"data/a.csv": "1", "media/b.png": "1"})
    (site.work / "media").mkdir(parents=True)
    (site.work / "data").write_text("mine")
    site.prepare("n1")
    assert (site.work / "data").read_text() == "mine"
    assert (site.work / "media").is_dir()
    assert site.glance("n1")


def test_a_folder_with_a_notebooks_name_is_told(site):
    site.publish({"n1.ipynb": "x"})
    (site.work / "n1.ipynb").mkdir(parents=True)
    for action in (site.prepare, site.reset):
        with pytest.raises(WorkspaceUnusable):
            action("n1")


def test_a_file_where_a_folder_should_be_is_told(site):
    site.publish({"w1/n1.ipynb": "x"})
    site.work.mkdir(parents=True)
    (site.work / "w1").write_text("mine")
    with pytest.raises(WorkspaceUnusable):
        site.prepare("w1/n1")
    assert (site.work / "w1").read_text() == "mine"


@pytest.mark.skipif(OWNER is None, reason="only root mounts")
def test_a_full_disk_is_told_and_leaves_nothing_half_written(site, small_disk):
    site.workspaces = Workspaces(small_disk / "students", OWNER)
    site.publish({"n1.ipynb": "x" * 3 * 1024 * 1024})
    with pytest.raises(DiskFull):
        site.prepare("n1")
    work = small_disk / "students/ada/python"
    assert world.entries(work) == []
    site.publish({"n1.ipynb": "small"}, commit="c2")
    site.prepare("n1")
    (work / "n1.ipynb").write_text("mine")
    site.publish({"n1.ipynb": "x" * 3 * 1024 * 1024}, commit="c3")
    with pytest.raises(DiskFull):
        site.reset("n1")
    assert (work / "n1.ipynb").read_text() == "mine"
