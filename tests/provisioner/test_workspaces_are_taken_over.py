"""Workspaces of nbhosting 0.59 are taken over by the service, while students click."""

import asyncio
import os

import pytest

from nbh_kit import commanding
from nbh_proto import TakeWorkspace, WorkspaceTaken, now
from nbh_proto.moving import MOST_LEFT_OUT, TakeAnswer
from nbh_proto.streams import PATIENCE
from tests.moving import old_root
from tests.provisioner import world

pytestmark = pytest.mark.usefixtures("memory")


@pytest.fixture
def old(tmp_path):
    folder = tmp_path / "old"
    work = folder / "ada/python/w1"
    work.mkdir(parents=True)
    (work / "n1.ipynb").write_text("old work")
    os.utime(work / "n1.ipynb", (old_root.OLD, old_root.OLD))
    return folder


@pytest.fixture
def take(bus, old):
    """Asks the provisioner to take a workspace over."""

    async def ask(student="ada", course="python", students=old, **more):
        command = TakeWorkspace(
            node="node1", course=course, student=student, students=str(students), **more
        )
        return await commanding.carried_out(bus, command, TakeAnswer, within=20)

    return ask


async def test_what_a_student_had_is_there_when_they_click(router, take, data):
    taken = await take()
    assert isinstance(taken, WorkspaceTaken)
    assert (taken.copied, taken.size, taken.known) == (1, len("old work"), 0)
    await router.opened()
    assert (data / "students/ada/python/w1/n1.ipynb").read_text() == "old work"
    note = data / "students/ada/.taken-python"
    before = note.stat().st_ino
    again = await take()
    assert (again.copied, again.known) == (0, 1)
    assert note.stat().st_ino == before, "nothing is written where nothing is new"


async def test_who_clicked_before_finds_their_old_work_at_the_next_click(router, take, data):
    await router.opened()
    copy = data / "students/ada/python/w1/n1.ipynb"
    assert copy.read_text() == world.NOTEBOOK
    taken, _ = await asyncio.gather(take(), router.opened())
    assert taken.copied == 1
    assert copy.read_text() == "old work"


async def test_files_of_a_course_that_is_not_here_yet_wait_for_it(router, take, old, data):
    (old / "ada/python").rename(old / "ada/r")
    assert (await take(course="r")).copied == 1
    world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK}, course="r")
    await router.register("r")
    await router.opened(course="r")
    assert (data / "students/ada/r/w1/n1.ipynb").read_text() == "old work"


async def test_a_workspace_that_is_gone_is_taken_anew(take, data):
    await take()
    here = data / "students/ada/python"
    here.rename(data / "elsewhere")
    assert (await take()).copied == 1
    assert (here / "w1/n1.ipynb").read_text() == "old work"


async def test_many_things_that_are_left_out_are_counted(take, old):
    for number in range(MOST_LEFT_OUT + 3):
        os.mkfifo(old / f"ada/python/pipe{number}")
    taken = await take()
    assert (len(taken.left_out), taken.left_out_more) == (MOST_LEFT_OUT, 3)


async def test_why_it_cannot_be_taken_is_said(take, old, tmp_path):
    assert (await take(student="bob")).reason == "not-there"
    unseen = await take(students=tmp_path / "nowhere")
    assert unseen.reason == "unseen"
    assert "nowhere" in unseen.detail
    (old / "eve").symlink_to(old / "ada")
    assert (await take(student="eve")).reason == "not-there", "a link is not followed"
    late = await take(at=now() - 2 * PATIENCE)
    assert late.reason == "expired"


async def test_what_is_in_the_way_is_told(take, data):
    (data / "students/ada").mkdir(parents=True)
    (data / "students/ada/python").write_text("a file")
    failed = await take()
    assert failed.reason == "workspace-unusable"
