"""A student's files are read as they were last saved, whatever they put in their place."""

import os
import tempfile
from pathlib import Path

import pytest

from nbh_proto import FilesFound, FindFiles, NotebookRead, ReadFile, ReadNotebook
from nbh_proto.rescue import PIECE
from nbh_provisioner.files import choosing
from nbh_provisioner.files.choosing import Bounds
from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.reading import Reading


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "students" / "ada" / "py"
    (folder / "w1").mkdir(parents=True)
    return folder


@pytest.fixture
async def read(bus, tmp_path, workspace):
    """Asks as the router does."""
    students = Workspaces(tmp_path / "students", None)
    async with Reading(students, 2 * 1024**2).answering(bus):

        async def ask(notebook="w1/n1", **more):
            given = {"course": "py", "student": "ada", "notebook": notebook} | more
            return await bus.ask(ReadNotebook(**given), NotebookRead)

        yield ask


async def test_it_comes_in_pieces_that_are_of_one_version(read, workspace):
    content = os.urandom(PIECE + 1000)
    (workspace / "w1" / "n1.ipynb").write_bytes(content)
    first = await read()
    rest = await read(offset=PIECE)
    assert (first.file, first.size) == ("w1/n1.ipynb", len(content))
    assert first.data + rest.data == content
    assert first.version == rest.version
    assert (await read(offset=len(content))).data == b""
    (workspace / "w1" / "n1.ipynb").write_bytes(content[:-1])
    assert (await read()).version != first.version


@pytest.mark.parametrize(
    ("notebook", "student"),
    [("w1/n2", "ada"), ("../py/w1/n1", "ada"), ("w1/n1", "eve"), (".hidden", "ada")],
)
async def test_what_is_not_there_is_said_to_be_unknown(read, workspace, notebook, student):
    (workspace / "w1" / "n1.ipynb").write_text("{}")
    assert (await read(notebook, student=student)).reason == "notebook-unknown"


async def test_a_link_a_pipe_and_what_is_too_large_are_not_read(read, workspace, tmp_path):
    (tmp_path / "secret.ipynb").write_text("{}")
    (workspace / "w1" / "link.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (workspace / "out").symlink_to(tmp_path)
    os.mkfifo(workspace / "w1" / "pipe.ipynb")
    (workspace / "w1" / "large.ipynb").write_bytes(b"x" * (2 * 1024**2 + 1))
    assert (await read("w1/link")).reason == "workspace-unusable"
    assert (await read("out/secret")).reason == "workspace-unusable"
    assert (await read("w1/pipe")).reason in ("notebook-unknown", "workspace-unusable")
    assert (await read("w1/large")).reason == "too-large"


@pytest.fixture
async def asked(bus, tmp_path, workspace):
    """Asks for all files, and for one of them, as the router does."""
    students = Workspaces(tmp_path / "students", None)
    async with Reading(students, 1024, Bounds(bytes=2 * PIECE)).answering(bus):

        async def ask(question, reply, **more):
            return await bus.ask(question(course="py", student="ada", **more), reply)

        yield ask


def plant(workspace, tmp_path):
    """What no student should get, beside a notebook of theirs."""
    (workspace / "w1" / "n1.ipynb").write_text("{}")
    (tmp_path / "secret").write_text("a key of the machine")
    (tmp_path / "students" / "eve").mkdir()
    (workspace / "w1" / "link.ipynb").symlink_to(tmp_path / "secret")
    (workspace / "out").symlink_to(tmp_path)
    (workspace / "w1" / "magic").symlink_to("/proc/self/environ")
    os.mkfifo(workspace / "pipe")


async def test_all_files_are_found_and_no_link_is_followed(asked, workspace, tmp_path):
    plant(workspace, tmp_path)
    (workspace / ".git").mkdir()
    (workspace / ".git" / "config").write_text("")
    (workspace / "w1" / ".hidden").write_text("")
    (workspace / os.fsdecode(b"\xff.txt")).write_text("")
    found = await asked(FindFiles, FilesFound)
    assert [(each.path, each.size) for each in found.files] == [("w1/n1.ipynb", 2)]
    assert found.left_out == ("?.txt", "out", "pipe", "w1/link.ipynb", "w1/magic")
    assert not found.is_more
    for path in (*found.left_out, "out/secret", "../../eve", "/etc/passwd", "", "w1"):
        read = await asked(ReadFile, NotebookRead, path=path)
        assert read.reason in ("workspace-unusable", "notebook-unknown"), path
        assert read.data == b""
    assert (await asked(ReadFile, NotebookRead, path="w1/n1.ipynb")).data == b"{}"


async def test_a_folder_that_becomes_a_link_is_not_followed(asked, workspace, tmp_path):
    plant(workspace, tmp_path)
    (workspace / "data").mkdir()
    (workspace / "data" / "secret").write_text("mine")
    assert "data/secret" in [each.path for each in (await asked(FindFiles, FilesFound)).files]
    (workspace / "data").rename(workspace / "was")
    (workspace / "data").symlink_to(tmp_path)
    read = await asked(ReadFile, NotebookRead, path="data/secret")
    assert (read.reason, read.data) == ("workspace-unusable", b"")


async def test_a_large_file_keeps_no_notebook_out(asked, workspace):
    (workspace / "w1" / "n1.ipynb").write_text("{}")
    with (workspace / "a-film").open("wb") as film:
        film.truncate(2 * PIECE)
    found = await asked(FindFiles, FilesFound)
    assert [each.path for each in found.files] == ["w1/n1.ipynb"]
    assert found.left_out == ("a-film",)
    with (workspace / "a-film").open("wb") as film:
        film.truncate(2 * PIECE + 1)
    assert (await asked(ReadFile, NotebookRead, path="a-film")).reason == "too-large"


def test_who_has_very_many_files_gets_some_and_is_told():
    with tempfile.TemporaryDirectory() as folder:
        for number in range(8):
            Path(folder, f"{number}.txt").write_text("")
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            found = choosing.choose(top, Bounds(files=3, left_out=2), 7)
            short = choosing.choose(top, Bounds(names=11))
            whole = choosing.choose(top)
        finally:
            os.close(top)
    assert (len(found.files), len(found.left_out), found.is_more) == (3, 2, True)
    assert (len(short.files), len(short.left_out), short.is_more) == (2, 0, True)
    assert (len(whole.files), whole.is_more) == (8, False)


async def test_who_has_no_workspace_has_no_files(asked):
    found = await asked(FindFiles, FilesFound)
    assert found.files == ()
