"""S-7: a student plants links wherever the host will write. Nothing outside is touched."""

import contextlib
import ctypes
import itertools
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nbh_proto import Course
from nbh_provisioner.files import beneath, repository, taking
from nbh_provisioner.files.atomic import temporary
from nbh_provisioner.files.failure import FilesError
from nbh_provisioner.files.ledger import Ledger
from nbh_provisioner.files.workspace import Wanted, Workspaces
from nbh_provisioner.revision import Revisions
from tests.provisioner import world
from tests.provisioner.labs import OWNER

SWAPS = 10_000
ROUNDS = 11
_EXCHANGE = 2
_AT_FDCWD = -100
AT = datetime(2026, 11, 23, tzinfo=UTC)


class Target:
    """A file outside that an attacker would like to have, and a folder to write into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        self.file = folder / "n1.ipynb"
        self.file.write_text("secret")
        self.file.chmod(0o600)
        self._before = self._seen()

    def _seen(self):
        info = self.file.stat()
        where = (info.st_uid, info.st_gid, info.st_mode, info.st_mtime_ns, info.st_nlink)
        folder = self.folder.stat()
        return (
            (self.file.read_text(), *where),
            (world.entries(self.folder), folder.st_uid, folder.st_mode),
        )

    def assert_untouched(self) -> None:
        assert self._seen() == self._before


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def target(tmp_path):
    return Target(tmp_path / "outside")


@pytest.fixture
def workspaces(data):
    world.publish(data, {"a/b/n1.ipynb": "original"}, static={"data/x.csv": "1"})
    return Workspaces(data / "students", OWNER)


@pytest.fixture
def work(data, workspaces):
    """Ada's workspace, hers to do as she likes with."""
    with workspaces.made("ada/python"):
        return data / "students/ada/python"


def everything(workspaces, data) -> None:
    """All that the host does in a workspace."""
    revision = Revisions(data / "courses").current(Course(course="python", giturl="x", image="x"))
    wanted = Wanted("ada", revision, "a/b/n1")
    with contextlib.suppress(FilesError):
        workspaces.prepare(wanted)
    with contextlib.suppress(FilesError):
        workspaces.reset(wanted, "access", AT)
    workspaces.glance(wanted)
    with workspaces.made("ada/python") as root:
        with contextlib.suppress(OSError):
            repository.config_of(root)
        with contextlib.suppress(OSError):
            repository.put_config(root, b"[core]\n", OWNER)
        take_over(data / "old", root)


def take_over(old: Path, workspace: int) -> None:
    """What an import does, with what the student had elsewhere."""
    for name in ("a/b/n1.ipynb", ".git/config"):
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        if not (old / name).exists():
            (old / name).write_text("old work")
    with beneath_root(old) as source:
        taking.take(source, workspace, OWNER, Ledger({}))


@pytest.mark.parametrize(
    "planted",
    ["a", "a/b", "a/b/n1.ipynb", "a/b/data", "a/b/.nbh-part", ".git", ".git/config"],
)
@pytest.mark.parametrize("kind", ["folder", "file", "magic"])
def test_a_planted_link_leads_nowhere(workspaces, work, data, target, planted, kind):
    leads = {"folder": target.folder, "file": target.file, "magic": "/proc/self/root"}[kind]
    name = planted.replace(".nbh-part", temporary("n1.ipynb"))
    (work / name).parent.mkdir(parents=True, exist_ok=True)
    (work / name).symlink_to(leads)
    everything(workspaces, data)
    target.assert_untouched()


def test_a_hard_link_to_the_temporary_name_is_not_written_through(workspaces, work, data, target):
    (work / "a/b").mkdir(parents=True)
    os.link(target.file, work / "a/b" / temporary("n1.ipynb"))
    info = target.file.stat()
    everything(workspaces, data)
    assert target.file.read_text() == "secret"
    assert (target.file.stat().st_uid, target.file.stat().st_mode) == (info.st_uid, info.st_mode)


@pytest.mark.parametrize("component", ["a", "a/b", "a/b/n1.ipynb", ".git"])
def test_a_race_of_ten_thousand_swaps_is_lost(workspaces, work, data, target, component):
    real = work / component
    if component.endswith(".ipynb"):
        real.parent.mkdir(parents=True)
        real.write_text("mine")
    else:
        real.mkdir(parents=True)
    evil = work / "evil"
    evil.symlink_to(target.file if component.endswith(".ipynb") else target.folder)
    for _ in while_swapping(real, evil):
        everything(workspaces, data)
    target.assert_untouched()


@pytest.mark.parametrize("component", ["a", "a/b", "a/b/n1.ipynb"])
def test_what_is_taken_over_is_the_students_own(workspaces, data, tmp_path, target, component):
    old = tmp_path / "old"
    evil = planted(old, target, component)
    taken = set()
    with workspaces.made("ada/python") as root, beneath_root(old) as source:
        for _ in while_swapping(old / component, evil):
            outcome = taking.take(source, root, OWNER, Ledger({}))
            assert not outcome.beside
            taken |= {p.read_text() for p in _plain(data / "students")}
    assert taken == {"mine"}


def planted(root: Path, target: Target, component: str) -> Path:
    """A notebook of the student's, and the link that comes into the place of ``component``, beyond
    which there is one of the same name."""
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/n1.ipynb").write_text("mine")
    (target.folder / "b").mkdir()
    (target.folder / "b/n1.ipynb").write_text("secret")
    evil = root / "evil"
    evil.symlink_to(target.file if component.endswith(".ipynb") else target.folder)
    return evil


def _plain(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]


@pytest.mark.parametrize("component", ["a", "a/b", "a/b/n1.ipynb"])
@pytest.mark.parametrize("resolve", [beneath.openat2, beneath.walk])
def test_no_way_to_resolve_a_path_is_led_astray(tmp_path, target, component, resolve):
    root = tmp_path / "root"
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/n1.ipynb").write_text("mine")
    (target.folder / "b").mkdir()
    (target.folder / "b/n1.ipynb").write_text("secret")
    evil = root / "evil"
    evil.symlink_to(target.file if component.endswith(".ipynb") else target.folder)
    seen = set()
    with beneath_root(root) as descriptor:
        for _ in while_swapping(root / component, evil):
            with contextlib.suppress(OSError):
                found = resolve(descriptor, "a/b/n1.ipynb", os.O_RDONLY)
                with os.fdopen(found) as file:
                    seen.add(file.read())
    assert seen == {"mine"}


@contextlib.contextmanager
def beneath_root(root: Path) -> Iterator[int]:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def while_swapping(one: Path, other: Path) -> Iterator[None]:
    """Go on for as long as a student swaps two names: ten thousand times, and until the host has
    had its rounds, however slow it is."""
    over, done = threading.Event(), threading.Event()

    def swap() -> None:
        for swaps in itertools.count():
            if swaps >= SWAPS and over.is_set():
                break
            _exchange(one, other)
        done.set()

    student = threading.Thread(target=swap)
    student.start()
    try:
        for _ in range(ROUNDS):
            yield
        over.set()
        while not done.is_set():
            yield
    finally:
        over.set()
        student.join()


def _exchange(one: Path, other: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE)
