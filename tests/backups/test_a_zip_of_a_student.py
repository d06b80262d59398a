"""What is in the zip file that a student is handed out."""

import os
import stat
import zipfile

import pytest

from nbh_cli import mentions
from nbh_cli.backups.store import Store
from nbh_cli.commands.student.exporting import _write
from nbh_kit.config import from_tree

NOTHING = {"shares.jsonl": []}


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "data" / "students" / "ada" / "py"
    (folder / "w1").mkdir(parents=True)
    return folder


def written(tmp_path, course="all"):
    """The archive, and what was left out of it."""
    config = from_tree({"site": {"data": str(tmp_path / "data")}})
    with (tmp_path / "zip").open("w+b") as out:
        left_out = _write(config, course, "ada", out, NOTHING, Store(tmp_path / "work"))
    return zipfile.ZipFile(tmp_path / "zip"), left_out


def test_files_folders_and_links_are_in_it_under_their_course(workspace, tmp_path):
    (workspace / "w1" / "été.md").write_text("x")
    os.utime(workspace / "w1" / "été.md", (0, 1_700_000_000))
    (workspace / "away").symlink_to("/etc/passwd")
    archive, left_out = written(tmp_path)
    assert not left_out
    assert archive.testzip() is None
    assert archive.read("files/py/w1/été.md") == b"x"
    assert archive.getinfo("files/py/w1/été.md").date_time[:3] == (2023, 11, 14)
    assert "files/py/w1/" in archive.namelist()
    assert archive.read("files/py/away") == b"/etc/passwd"
    assert stat.S_ISLNK(archive.getinfo("files/py/away").external_attr >> 16)
    assert [n for n in written(tmp_path, "other")[0].namelist() if n.startswith("files")] == []


def test_holes_are_zeros_unless_they_are_nearly_all(workspace, tmp_path):
    with (workspace / "some").open("wb") as file:
        file.seek(3_000_000)
        file.write(b"x")
    with (workspace / "endless").open("wb") as file:
        file.truncate(2**40)
    archive, left_out = written(tmp_path)
    assert archive.read("files/py/some") == bytes(3_000_000) + b"x"
    assert left_out == ["files/py/endless: 1T of it are holes"]


def test_an_id_is_found_as_a_whole_and_however_deep():
    assert mentions.names_them({"a": [{"b": "ada"}]}, "ada")
    assert not mentions.names_them({"a": ["ada-2", {"ada": 1}]}, "ada")
    shown = mentions.without_secrets({"a": [{"token": "t", "b": 1}], "capability": "c"})
    assert shown == {"a": [{"b": 1}]}
