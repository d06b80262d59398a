"""What is a backup, and what is none any more."""

import msgspec
import pytest

from nbh_cli.backups import making
from nbh_cli.backups.shelf import Busy, Manifest, NoBackup, Shelf, _sealed
from nbh_cli.backups.tables import KeptTables
from nbh_proto import now


@pytest.fixture
def data(tmp_path):
    for student in ("ada", "bob"):
        (tmp_path / "data" / "students" / student / "py").mkdir(parents=True)
        (tmp_path / "data" / "students" / student / "py" / "n.md").write_text(f"by {student}")
    (tmp_path / "data" / "students" / ".removed").mkdir()
    (tmp_path / "data" / "secrets").mkdir()
    return tmp_path / "data"


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "kept")


def kept(shelf, data, made=None, **more):
    """A backup of the files alone."""
    with shelf.locked():
        files = making.files_of(data, shelf, lambda _: None)
        manifest = Manifest(
            release="1",
            site="nbh",
            made=made or now(),
            folders=shelf.store.keep(b"".join(msgspec.json.encode(f) + b"\n" for f in files[0])),
            streams=(),
            tables=KeptTables(step=1, files=()),
            images=(),
            workspaces=2,
            files=2,
            bytes=0,
            **more,
        )
        return shelf.put(manifest)


def test_workspaces_are_kept_one_by_one(shelf, data):
    manifest = shelf.read(kept(shelf, data))
    assert [f.place for f in shelf.folders(manifest)] == [
        "secrets",
        "students/ada/py",
        "students/bob/py",
    ]
    assert not shelf.damaged(manifest)


def test_what_is_damaged_is_named_and_kept_anew(shelf, data):
    manifest = shelf.read(kept(shelf, data))
    (digest,) = (d for d, what in shelf.objects(manifest) if what == "students/ada/py/n.md")
    shelf.store.path(digest).chmod(0o600)
    shelf.store.path(digest).write_text("by eve")
    assert shelf.damaged(manifest) == {digest: ["students/ada/py/n.md"]}
    shelf.store.set_aside(digest)
    assert shelf.damaged(manifest) == {digest: ["students/ada/py/n.md"]}
    kept(shelf, data)
    assert not shelf.damaged(manifest)


def test_a_changed_manifest_is_damaged(shelf, data, tmp_path):
    name = kept(shelf, data)
    file = tmp_path / "kept" / "backups" / f"{name}.json"
    file.write_bytes(file.read_bytes().replace(b'"nbh"', b'"nbx"'))
    with pytest.raises(NoBackup, match="damaged"):
        shelf.read(name)
    # and the next backup does without it
    assert shelf.read(kept(shelf, data, now().replace(year=2100)))


def test_a_later_format_is_refused_with_what_to_do(shelf, data):
    name = kept(shelf, data, format=2)
    with pytest.raises(NoBackup, match="with that release"):
        shelf.read(name)


def test_only_the_last_are_left_and_they_are_whole(shelf, data):
    kept(shelf, data, now().replace(year=2020))
    (data / "students" / "ada" / "py" / "n.md").write_text("again")
    last = kept(shelf, data)
    before = len(list((data.parent / "kept" / "objects").glob("*/*")))
    with shelf.locked():
        assert shelf.keep_only(1) > 0
    assert shelf.names() == [last]
    assert not shelf.damaged(shelf.read(last))
    assert len(list((data.parent / "kept" / "objects").glob("*/*"))) < before


def test_two_do_not_work_on_the_same_folder(shelf, data):
    with shelf.locked(), pytest.raises(Busy):
        kept(shelf, data)


def test_nothing_looks_like_a_backup_before_it_is_whole(shelf, data, tmp_path):
    name = kept(shelf, data)
    file = tmp_path / "kept" / "backups" / f"{name}.json"
    half = _sealed(shelf.read(name))[:-10]
    file.with_suffix(".new").write_bytes(half)
    file.unlink()
    (tmp_path / "kept" / "objects" / "new-x").write_text("begun")
    assert shelf.names() == []
    kept(shelf, data)
    assert not list((tmp_path / "kept" / "objects").glob("new-*"))
