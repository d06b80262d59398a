"""A student's notebook is read as it was last saved, whatever they put in its place."""

import os

import pytest

from nbh_proto import NotebookRead, ReadNotebook
from nbh_proto.rescue import PIECE
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
