"""Folders are read into a store and written out of it, whatever is in them."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbh_cli.backups import listing, writing
from nbh_cli.backups.listing import Entry
from nbh_cli.backups.reading import Reading
from nbh_cli.backups.store import Store
from nbh_kit.testing import eventually
from tests.depths import dig

MIB = 1024**2

CHANGES = """
import os, sys
file = os.open(sys.argv[1], os.O_WRONLY)
while True:
    os.pwrite(file, os.urandom(8), 0)
"""


@contextlib.contextmanager
def opened(folder):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "objects")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "theirs"
    made.mkdir()
    return made


def read(store, folder, before=()):
    """A reading of a folder for which what has just changed is as good as old."""
    reading = Reading(store, {entry.path: entry for entry in before}, settles_ns=0)
    with opened(folder) as descriptor:
        reading.read(descriptor)
    return reading


def written(store, entries, place):
    """The entries, through a listing, as a folder."""
    entries = listing.read(listing.written(entries))
    with opened(place.parent) as parent:
        writing.write(store, entries, parent, place.name)
    return place


def seen(folder):
    """All that can be seen of what is in a folder."""
    found = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        state = path.lstat()
        content = path.readlink() if path.is_symlink() else path.is_file() and path.read_bytes()
        attributes = {n: os.getxattr(path, n) for n in os.listxattr(path, follow_symlinks=False)}
        who = (state.st_mode, state.st_uid, state.st_gid, state.st_mtime_ns)
        found[str(path.relative_to(folder))] = (*who, content, attributes)
    return found


def test_what_comes_back_is_what_was_there(store, folder, tmp_path):
    (folder / "w1").mkdir()
    (folder / "w1" / "first.ipynb").write_text("one")
    (folder / "100%").write_text("per cent")
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9")).write_text("not UTF-8")
    (folder / "empty").touch()
    (folder / "large").write_bytes(os.urandom(3 * MIB + 5))
    (folder / "link").symlink_to("w1/first.ipynb")
    os.setxattr(folder / "w1" / "first.ipynb", "user.nbh.original", b"\0digest")
    (folder / "w1" / "first.ipynb").chmod(0o640)
    if os.getuid() == 0:
        os.chown(folder / "w1" / "first.ipynb", 1000, 1000)
        os.chown(folder / "link", 1000, 1000, follow_symlinks=False)
    os.utime(folder / "w1" / "first.ipynb", ns=(5, 1_000_000_007))
    os.utime(folder / "w1", ns=(5, 1_000_000_009))
    before = seen(folder)
    reading = read(store, folder)
    assert not reading.left_out
    assert not reading.torn
    assert seen(written(store, reading.entries, tmp_path / "back")) == before


def test_holes_stay_holes(store, folder, tmp_path):
    with (folder / "sparse").open("wb") as file:
        file.truncate(2**40)
        file.seek(2**39)
        file.write(b"in the middle")
    (folder / "nothing").touch()
    os.truncate(folder / "nothing", 2**40)
    back = written(store, read(store, folder).entries, tmp_path / "back")
    assert store.added < MIB
    for name in ("sparse", "nothing"):
        state = (back / name).stat()
        assert state.st_size == 2**40
        assert state.st_blocks * 512 < MIB
    with (back / "sparse").open("rb") as file:
        file.seek(2**39)
        assert file.read(13) == b"in the middle"


def test_a_link_is_kept_as_a_link_and_leads_nobody_out(store, folder):
    secret = folder.parent / "secret"
    secret.write_text("nobody's business")
    (folder / "file").symlink_to(secret)
    (folder / "folder").symlink_to(folder.parent)
    kinds = {entry.path: (entry.kind, entry.target) for entry in read(store, folder).entries}
    assert kinds["file"] == ("link", str(secret))
    assert kinds["folder"] == ("link", str(folder.parent))
    assert len(kinds) == 3
    assert not store.added


def test_what_is_neither_file_nor_folder_is_left_out_and_stops_nobody(store, folder):
    os.mkfifo(folder / "pipe")
    (folder / "after").write_text("x")
    assert [e.path for e in read(store, folder).entries] == ["", "after"]


def test_the_same_content_is_kept_once(store, folder):
    for student in range(50):
        (folder / str(student)).write_bytes(b"n" * 1000)
    read(store, folder)
    assert store.added == 1000


def test_what_did_not_change_is_not_read_again(store, folder):
    (folder / "large").write_bytes(os.urandom(8 * MIB))
    first = read(store, folder)

    def read_by_us():
        lines = Path("/proc/self/io").read_text().splitlines()
        return int(lines[0].removeprefix("rchar:"))

    before = read_by_us()
    again = read(store, folder, first.entries)
    assert read_by_us() - before < MIB
    assert again.entries == first.entries
    # the size and the time that can be set are as before
    state = (folder / "large").stat()
    with (folder / "large").open("r+b") as file:
        file.write(b"changed")
    os.utime(folder / "large", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert read(store, folder, first.entries).entries != first.entries


def test_what_has_just_changed_is_read_the_next_time_too(store, folder):
    (folder / "file").write_text("it may change again in the same instant")
    reading = Reading(store, {})
    with opened(folder) as descriptor:
        reading.read(descriptor)
    assert [entry.stamp for entry in reading.entries] == ["", ""]


def test_an_object_that_is_gone_is_kept_anew(store, folder):
    (folder / "file").write_text("x")
    first = read(store, folder)
    digest = first.entries[1].object
    store.set_aside(digest)
    assert read(store, folder, first.entries).entries == first.entries
    assert store.is_sound(digest)


@pytest.fixture
def changing(folder):
    """A file that somebody writes to without a rest."""
    (folder / "log").write_bytes(bytes(64 * MIB))
    process = subprocess.Popen([sys.executable, "-c", CHANGES, folder / "log"])
    yield folder / "log"
    process.kill()
    process.wait()


async def test_a_file_that_never_rests_is_kept_and_told(store, folder, changing):
    await eventually(lambda: changing.read_bytes()[:8] != bytes(8))
    reading = read(store, folder)
    assert reading.torn == ["log"]
    assert reading.entries[1].size == 64 * MIB
    assert reading.entries[1].stamp == ""


@pytest.mark.parametrize("name", ["x", "..", "."])
def test_a_listing_cannot_lead_out_of_its_folder(store, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "data").mkdir()
    entries = [
        Entry(path="", kind="folder", mode=0o755),
        Entry(path="x", kind="link", target=str(outside)),
        Entry(path=name, kind="folder", mode=0o755),
        Entry(path=f"{name}/planted", kind="file", object=store.keep(b"x"), size=1),
    ]
    with pytest.raises((OSError, ValueError)):
        written(store, entries, tmp_path / "data" / "back")
    assert not (outside / "planted").exists()
    assert not list(tmp_path.glob("planted"))


def test_folders_in_folders_without_end_are_told(store, folder):
    dig(folder, 300)
    (folder / "file").write_text("x")
    reading = read(store, folder)
    assert reading.entries[-1].path == "file"
    (told,) = reading.left_out
    assert "folders deep" in told


def test_what_is_swapped_while_we_look_is_not_read(store, folder):
    (folder / "file").write_text("x")
    (folder.parent / "secret").write_text("nobody's business")
    (folder / "link").symlink_to(folder.parent / "secret")
    os.mkfifo(folder / "pipe")
    reading = Reading(store, {})
    with opened(folder) as descriptor:
        seen_as_a_file = os.stat("file", dir_fd=descriptor)
        with pytest.raises(OSError, match="symbolic links"):
            reading._file(descriptor, "link", "link", seen_as_a_file)
        reading._file(descriptor, "pipe", "pipe", seen_as_a_file)
    assert not reading.entries
    assert not store.added


def test_a_listing_cannot_lead_out_by_a_link_that_is_there(store, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "back").symlink_to("outside")
    entries = [Entry(path="", kind="folder"), Entry(path="f", kind="file", object=store.keep(b""))]
    with pytest.raises(NotADirectoryError):
        written(store, entries, tmp_path / "back")
    inside = [
        Entry(path="", kind="folder"),
        Entry(path="x", kind="link", target=str(tmp_path / "outside")),
        Entry(path="x%2Fplanted", kind="file", object=store.keep(b"x"), size=1),
    ]
    with pytest.raises(ValueError, match="no path"):
        written(store, inside, tmp_path / "other")
    assert not list((tmp_path / "outside").iterdir())
