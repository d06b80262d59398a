"""S-48: a notebook that is shared is a student's file: it may be no file, or anybody's.

What a hostile notebook does to its conversion is tried in `tests/provisioner/test_sharing.py`.
"""

import os

import pytest

from nbh_provisioner.engines.memory import MemoryEngine
from tests.provisioner import world
from tests.provisioner.sharing import Students, notebook

SECRET = notebook("a secret of another")


@pytest.fixture
async def students(tmp_path, nats_url, bus):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK})
    await world.Router(bus).register()
    # more than that no notebook of these has come through if it comes to be converted
    async with world.running(world.config(data, nats_url), MemoryEngine({world.IMAGE})):
        yield Students(bus, data)


async def test_a_notebook_of_ones_own_comes_as_far_as_its_conversion(students):
    students.write("n1.ipynb", SECRET)
    assert await students.refused() == "internal"


async def test_a_link_is_not_followed(students, tmp_path):
    elsewhere = tmp_path / "secret.ipynb"
    elsewhere.write_text(SECRET)
    students.write("n1.ipynb", SECRET, student="bob")
    for target in (elsewhere, "../../bob/python/n1.ipynb", "/proc/self/environ", "n1.ipynb"):
        link = students.workspace() / "n1.ipynb"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        assert await students.refused() == "workspace-unusable", target
    assert world.entries(students.snapshots / ".making") == []


async def test_no_folder_on_the_way_is_a_link(students):
    students.write("n1.ipynb", SECRET, student="bob")
    (students.workspace() / "w1").symlink_to("../../bob/python")
    assert await students.refused("w1/n1") in ("workspace-unusable", "notebook-unknown")


async def test_a_workspace_that_is_a_link_is_nobodys(students):
    students.write("n1.ipynb", SECRET, student="bob")
    (students.data / "students/eve").mkdir()
    (students.data / "students/eve/python").symlink_to("../bob/python")
    assert await students.refused(student="eve") == "workspace-unusable"


async def test_a_pipe_or_a_folder_keeps_nobody_waiting(students):
    os.mkfifo(students.workspace() / "pipe.ipynb")
    (students.workspace() / "folder.ipynb").mkdir()
    for name in ("pipe", "folder"):
        assert await students.refused(name) == "notebook-unknown"


@pytest.mark.parametrize(
    "name", ["../bob/python/n1", "/etc/passwd", "..", ".", "a/../n1", ".a/n1", "a//n1"]
)
async def test_a_name_that_no_notebook_has_leads_nowhere(students, name):
    students.write("n1.ipynb", SECRET, student="bob")
    # what the kernel would find
    for own in ("n1.ipynb", "a/n1.ipynb", ".a/n1.ipynb"):
        students.write(own, SECRET)
    assert await students.refused(name) == "notebook-unknown"


async def test_one_that_is_larger_than_pages_may_be_is_not_even_copied(students):
    file = students.write("n1.ipynb", "")
    os.truncate(file, 50 * 1024**2)
    assert await students.refused() == "too-large"
