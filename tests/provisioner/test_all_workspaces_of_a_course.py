"""A course's workspaces, counted, moved with its name or taken away, while students click."""

import asyncio
import os

import pytest

from nbh_kit.buckets import Replica
from nbh_kit.testing import eventually
from nbh_proto import (
    CloseCourse,
    CountWorkspaces,
    EraseWorkspaces,
    FindRevisions,
    StopLab,
    names,
    now,
)
from nbh_proto.workspace import (
    CourseClosed,
    RevisionsFound,
    WorkspacesCounted,
    WorkspacesErased,
)
from nbh_provisioner.courses import Courses
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.files.housing import Housing
from nbh_provisioner.shares.snapshots import Snapshots
from tests.provisioner import world
from tests.provisioner.sharing import Students


@pytest.fixture
def close(bus):
    """Asks the provisioner to close the course python."""

    async def ask(workspaces, to="", course="python", within=10.0):
        asked = CloseCourse(node="node1", course=course, workspaces=workspaces, to=to)
        return await bus.ask(asked, CourseClosed, within=within)

    return ask


async def unregister(router, course="python"):
    """Take a course out of its bucket, as the courses service does before it closes it."""
    held = await router.courses.get(names.token(course))
    await router.courses.delete(names.token(course), held.revision)


async def ended(router, bus, student="ada", course="python"):
    """Have a student's lab end."""
    await bus.tell(StopLab(node="node1", course=course, student=student))

    async def gone():
        return await router.lab(student, course) is None

    await eventually(gone)


async def test_students_with_files_are_counted_by_course(memory, router, bus, data):
    world.publish(data, {"w1/n1.md": "# one\n"}, course="r")
    await router.register("r")
    for student, course in (("ada", "python"), ("bob", "python"), ("ada", "r")):
        await router.opened(student=student, course=course)
    for _ in range(2):
        counted = await bus.ask(CountWorkspaces(node="node1"), WorkspacesCounted)
        assert counted.students == {"python": 2, "r": 1}


async def test_each_students_files_follow_the_new_name(memory, router, bus, close, data):
    for student in ("ada", "bob"):
        await router.opened(student=student)
        await ended(router, bus, student)
    mine = data / "students/ada/python/mine.txt"
    mine.write_text("mine")
    await unregister(router)
    assert await close("rename", "py3") == CourseClosed()
    assert not mine.parent.exists()
    assert (data / "students/ada/py3/mine.txt").read_text() == "mine"
    assert (data / "students/bob/py3/w1/n1.ipynb").exists()
    assert await close("rename", "py3") == CourseClosed(), "asked again it is done"


async def test_what_students_share_follows_their_course_and_goes_with_it(
    site, course, router, bus, close, data
):
    pages = Snapshots(data / "snapshots", None)
    pages.load()
    for name in ("python", "r"):
        with pages.making() as work:
            work.page.write_text(name)
            pages.put((name, "ada", "n1"), work.page, now())
    students = Students(bus, data)
    async with world.running(site, MemoryEngine({world.IMAGE})):
        links = {share.course: share.name for share in await students.all()}
        await unregister(router)
        await close("rename", "py3")
        renamed = {share.course: share.name for share in await students.all()}
        assert renamed == {"py3": links["python"], "r": links["r"]}
    async with world.running(site, MemoryEngine({world.IMAGE})):
        assert {s.course: s.name for s in await students.all()} == renamed
        await close("keep", course="py3")
        assert len(await students.all()) == 2
        await close("remove", course="py3")
        (left,) = await students.all()
        assert (left.course, students.page(left).read_text()) == ("r", "r")
        (told,) = await eventually(lambda: world.events(bus, "notebook.withdrawn"))
        assert told["reason"] == "course-removed"


async def test_who_works_in_a_course_keeps_it_from_being_closed(memory, router, close, data):
    await router.opened(student="bob")
    await router.opened(student="ada")
    for workspaces, to in (("rename", "py3"), ("remove", ""), ("keep", "")):
        assert (await close(workspaces, to)).labs == ("ada", "bob")
    assert (data / "students/ada/python/w1/n1.ipynb").exists()
    await router.opened()


async def test_an_access_to_a_closed_course_is_told_that_there_is_none(
    memory, router, close, data
):
    await unregister(router)
    assert await close("rename", "py3") == CourseClosed()
    assert await router.denied() == "course-unknown"
    assert not (data / "students/ada").exists()


async def test_what_a_replica_still_says_of_a_closed_course_is_over(router, tmp_path):
    behind = Replica(router.courses)
    behind.all["python"] = await router.courses.get("python")
    courses = Courses(router.courses, behind, tmp_path)
    await unregister(router)
    assert await courses.find("python")
    courses.close("python")
    assert await courses.find("python") is None


async def test_a_course_is_open_again_when_another_one_gets_its_name(memory, router, close):
    await unregister(router)
    await close("keep")
    await router.register()
    await router.opened()


async def test_clicks_while_a_course_is_closed_get_a_lab_or_an_answer_and_never_half_a_course(
    memory, router, close, data
):
    students = [f"s{n}" for n in range(40)]
    clicking = [asyncio.create_task(router.open(student=s, within=20)) for s in students]
    await unregister(router)
    closed = await close("rename", "py3")
    answers = [await c for c in clicking]
    refused = {a.reason for a in answers if not hasattr(a, "capability")}
    assert refused <= {"course-unknown"}
    if closed.labs:
        assert not list((data / "students").glob("*/py3"))
    else:
        assert not list((data / "students").glob("*/python"))


async def test_who_has_files_under_the_new_name_too_is_in_the_way(memory, close, data, router):
    for student, course in (("ada", "python"), ("ada", "py3"), ("bob", "python")):
        (data / "students" / student / course).mkdir(parents=True)
    await unregister(router)
    assert (await close("rename", "py3")).in_the_way == ("ada",)
    assert (data / "students/bob/python").exists()


async def test_workspaces_are_removed_with_all_that_students_left_in_them(
    memory, router, close, data
):
    outside = data / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    for student in ("ada", "bob"):
        workspace = data / "students" / student / "python"
        (workspace / "closed/deep").mkdir(parents=True)
        (workspace / "link").symlink_to(outside)
        (workspace / "closed").chmod(0)
    (data / "students/ada/r").mkdir()
    await unregister(router)
    assert await close("remove") == CourseClosed()
    assert world.entries(data / "students/ada") == ["r"]
    assert world.entries(data / "students/bob") == []
    await eventually(lambda: not (data / "students/.removed").exists())
    assert (outside / "kept.txt").read_text() == "kept"


async def test_what_a_crash_left_to_be_removed_goes_at_the_next_start(site, course, router, data):
    (data / "students/.removed/1234/deep").mkdir(parents=True)
    async with world.running(site, MemoryEngine()):
        await eventually(lambda: not (data / "students/.removed").exists())


async def test_a_rename_that_the_disk_refuses_leaves_every_workspace_as_it_was(tmp_path):
    students = tmp_path / "students"
    for student in ("ada", "bob", "cleo"):
        (students / student / "python").mkdir(parents=True)
    (students / "cleo" / "py3").mkdir()
    with pytest.raises(FileExistsError):
        Housing(students).rename("python", "py3")
    assert sorted(str(p.relative_to(students)) for p in students.glob("*/*")) == (
        ["ada/python", "bob/python", "cleo/py3", "cleo/python"]
    )


async def test_a_student_folder_that_changed_is_counted_anew(tmp_path):
    students = tmp_path / "students"
    (students / "ada" / "python").mkdir(parents=True)
    os.utime(students / "ada", (1, 1))
    housing = Housing(students)
    assert housing.counted() == housing.counted() == {"python": 1}
    (students / "ada" / "r").mkdir()
    (students / "ada" / "python").rmdir()
    assert housing.counted() == {"r": 1}


async def test_the_revisions_that_labs_mount_are_told(memory, router, bus, data):
    await router.opened()
    world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK}, commit="c2")
    await router.opened(student="bob")
    found = await bus.ask(FindRevisions(node="node1"), RevisionsFound)
    assert found.commits == {"python": ("c1", "c2")}


async def test_who_is_erased_has_no_lab_and_then_no_files(memory, router, bus, data):
    for student in ("ada", "bob"):
        await router.opened(student=student)
    erase = EraseWorkspaces(node="node1", student="ada")
    assert (await bus.ask(erase, WorkspacesErased)).labs == ("python",)
    assert (data / "students" / "ada" / "python").exists()
    await ended(router, bus, "ada")
    assert (await bus.ask(erase, WorkspacesErased)).courses == ("python",)
    assert [folder.name for folder in (data / "students").iterdir()] == ["bob"]
    assert (await bus.ask(erase, WorkspacesErased)).courses == ()
    await router.opened(student="ada")
