"""Courses get other names or go, with a provisioner that owns the students' files."""

import asyncio
from functools import partial

import msgspec
import pytest

from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import (
    CloseCourse,
    CommandFailed,
    CountWorkspaces,
    Course,
    CourseDeleted,
    CourseRenamed,
    CreateCourse,
    DeleteCourse,
    Limits,
    PullCourse,
    RenameCourse,
    SetCourse,
    StopLab,
)
from nbh_proto.course import Changes, CommandAnswer
from nbh_proto.workspace import WorkspacesCounted
from nbh_provisioner.engines.memory import MemoryEngine
from tests.courses.service import Service, carried_out, done, ended_before_it_answered
from tests.courses.teacher import LESSON, published
from tests.courses.test_pulls import told
from tests.provisioner import process as processes
from tests.provisioner import world
from tests.tracing import killed_at


@pytest.fixture
def data(service):
    """The site's folder of data."""
    return service.courses.parent


@pytest.fixture
def site(data, nats_url):
    """The provisioner's configuration."""
    return world.config(data, nats_url)


@pytest.fixture
async def provisioner(site):
    """A provisioner with labs in memory."""
    async with world.running(site, MemoryEngine()):
        yield


@pytest.fixture
def router(bus):
    """Who asks for notebooks."""
    return world.Router(bus)


@pytest.fixture
async def running(service, provisioner, teacher, bus):
    """The service, with the course py."""
    teacher.push(LESSON)
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        yield service


async def shown(bus, course="py"):
    held = await Bucket(bus, Course).get(course)
    return held and held.value


async def refused(bus, command):
    last = (await carried_out(bus, command))[-1]
    assert isinstance(last, CommandFailed), last
    return f"{last.reason}: {last.detail}"


async def delivered_again(bus, command):
    """Have the work queue deliver a command that it has delivered before; the last answer."""
    heard: asyncio.Queue = asyncio.Queue()
    async with bus.inbox(CommandAnswer, heard.put_nowait) as inbox:
        again = msgspec.structs.replace(command, answer_to=inbox)
        await bus.js.publish(command.address, msgspec.json.encode(again))  # under no id
        return (await asyncio.wait_for(heard.get(), 30)).line


async def worked_in(router, student, course="py"):
    """Have a student work in a course, and leave."""
    await router.opened("w1/first", student=student, course=course)
    await router.bus.tell(StopLab(node="node1", course=course, student=student))

    async def gone():
        return await router.lab(student, course) is None

    await eventually(gone)


async def test_settings_are_shown_to_others(running, bus):
    changes = Changes(archived=True, add_staff=("ada", "@t"), limits={"memory": 2**30})
    assert await done(bus, SetCourse(course="py", changes=changes)) == "py is set"
    course = await shown(bus)
    assert (course.archived, course.staff) == (True, ("ada", "@t"))
    assert course.limits == Limits(memory=2**30)
    assert await done(bus, SetCourse(course="py", changes=changes)) == "nothing to change"


async def test_settings_outlive_a_pull_and_a_restart(running, bus, teacher):
    await done(bus, SetCourse(course="py", changes=Changes(limits={"idle": 60.0})))
    teacher.push(LESSON | {"n.md": "new"})
    await done(bus, PullCourse(course="py"))
    assert (await shown(bus)).limits.idle == 60.0


async def test_a_setting_that_cannot_be_changes_nothing(running, bus):
    before = await shown(bus)
    changes = Changes(archived=True, image="a b")
    said = await refused(bus, SetCourse(course="py", changes=changes))
    assert said == "setting-refused: image: 'a b' is the name of no image"
    assert await shown(bus) == before
    assert "unknown" in await refused(bus, SetCourse(course="none"))


async def test_a_renamed_course_has_all_that_was_its_own(running, bus, router, data):
    await worked_in(router, "ada")
    (data / "local/py").mkdir(parents=True)
    (data / "students/ada/py/mine.txt").write_text("mine")
    before = await shown(bus)
    said = await done(bus, RenameCourse(course="py", to="py3"))
    assert said == "py is py3 now; what was told before keeps the name py in the statistics"
    assert await shown(bus) is None
    after = await shown(bus, "py3")
    assert (after.commit, after.giturl) == (before.commit, before.giturl)
    assert not (running.courses / "py").exists()
    assert (data / "local/py3").is_dir()
    assert published((running.courses / "py3/current").resolve())
    assert (data / "students/ada/py3/mine.txt").read_text() == "mine"
    (event,) = await told(bus, CourseRenamed)
    assert (event.course, event.to) == ("py", "py3")
    assert await router.denied("w1/first", course="py") == "course-unknown"
    await router.opened("w1/first", course="py3")


async def test_a_renamed_course_is_pulled_under_its_new_name(running, bus, teacher):
    await done(bus, RenameCourse(course="py", to="py3"))
    commit = teacher.push(LESSON | {"n.md": "new"})
    await done(bus, PullCourse(course="py3"))
    assert (await shown(bus, "py3")).commit == commit
    assert "unknown" in await refused(bus, PullCourse(course="py"))


@pytest.mark.parametrize("command", [partial(RenameCourse, to="r"), DeleteCourse])
async def test_a_course_in_which_somebody_works_stays(running, bus, router, command, data):
    await router.opened("w1/first", student="bob", course="py")
    await router.opened("w1/first", student="ada", course="py")
    said = await refused(bus, command(course="py"))
    assert said == "labs-run: of ada, bob; `nbh lab stop` ends one"
    assert (await shown(bus)).commit
    assert (data / "students/ada/py/w1/first.md").exists()
    await router.opened("w1/first", student="cleo", course="py")


async def test_a_name_that_is_taken_is_refused(running, bus, teacher, data):
    await done(bus, CreateCourse(course="r", giturl=teacher.url))
    rename = RenameCourse(course="py", to="r")
    assert await refused(bus, rename) == "name-taken: there is a course r"
    (data / "students/ada/old").mkdir(parents=True)
    said = await refused(bus, RenameCourse(course="py", to="old"))
    assert said.startswith("name-taken: 1 students have files of an earlier course old")
    assert "unknown" in await refused(bus, RenameCourse(course="none", to="x"))


async def test_a_rename_that_comes_twice_is_done_once(running, bus):
    rename = RenameCourse(course="py", to="py3")
    said = await done(bus, rename)
    assert await delivered_again(bus, rename) == said
    assert len(await told(bus, CourseRenamed)) == 1


async def test_a_deleted_course_leaves_the_students_files(running, bus, router, data, teacher):
    await worked_in(router, "ada")
    said = await done(bus, DeleteCourse(course="py"))
    assert said.startswith("py is deleted; the files of 1 students stay")
    assert await shown(bus) is None
    assert not (running.courses / "py").exists()
    assert (data / "students/ada/py/w1/first.md").exists()
    (event,) = await told(bus, CourseDeleted)
    assert (event.workspaces, event.with_students) == (1, False)
    await done(bus, CreateCourse(course="py", giturl=teacher.url))
    await router.opened("w1/first", course="py")


async def test_a_course_can_be_deleted_with_all_its_students_files(running, bus, router, data):
    for student in ("ada", "bob"):
        await worked_in(router, student)
    said = await done(bus, DeleteCourse(course="py", with_students=True))
    assert said == "py is deleted, with the files of 2 students"
    assert not list(data.glob("students/*/py"))


async def test_files_that_a_deleted_course_left_can_be_removed_later(running, bus, router, data):
    await worked_in(router, "ada")
    await done(bus, DeleteCourse(course="py"))
    said = await done(bus, DeleteCourse(course="py", with_students=True))
    assert said == "there is no course py; the files of 1 students are removed"
    assert not list(data.glob("students/*/py"))


async def test_a_deletion_that_comes_again_does_not_take_a_new_course_of_that_name(
    running, bus, teacher
):
    delete = DeleteCourse(course="py")
    await done(bus, delete)
    await done(bus, CreateCourse(course="py", giturl=teacher.url))
    assert await delivered_again(bus, delete) == "there is no course py any more"
    assert (await shown(bus)).commit


async def test_without_a_provisioner_nothing_is_begun(service, bus, teacher):
    teacher.push(LESSON)
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        said = await refused(bus, RenameCourse(course="py", to="r"))
        assert said == "no-answer: the provisioner of node1: is it running?"
        assert (await shown(bus)).commit


async def test_a_rename_can_be_ended_at_any_step_and_is_finished(
    service, provisioner, teacher, bus, router, data
):
    teacher.push(LESSON)
    async with service.running():
        await done(bus, CreateCourse(course="py0", giturl=teacher.url))
        await worked_in(router, "ada", "py0")
    killed = number = 0
    for call in ("rename", "fsync"):
        for nth in range(1, 12):
            old, new = f"py{number}", f"py{number + 1}"
            rename = RenameCourse(course=old, to=new)
            async with service.running(*killed_at(call, nth)) as process:
                ended = await ended_before_it_answered(process, bus, rename)
            killed += ended
            async with service.running():
                await eventually(partial(shown, bus, new), within=20)
                assert await shown(bus, old) is None
                assert await done(bus, PullCourse(course=new))
            assert [p.name for p in data.glob("students/ada/*")] == [new]
            assert [p.name for p in service.courses.glob("py*")] == [new]
            number += 1
            if not ended:
                break
    assert killed >= 5
    renamed = [event.to for event in await told(bus, CourseRenamed)]
    assert renamed == [f"py{n}" for n in range(1, number + 1)]


async def test_a_deletion_can_be_ended_at_any_step_and_is_finished(
    service, provisioner, teacher, bus, router, data
):
    teacher.push(LESSON)
    killed = 0

    async def begun():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        await worked_in(router, "ada")

    async with service.running():
        await begun()
    for call in ("rename", "fsync", "unlinkat", "rmdir"):
        for nth in (1, 2, 3, 4, 9):
            delete = DeleteCourse(course="py", with_students=True)
            async with service.running(*killed_at(call, nth)) as process:
                ended = await ended_before_it_answered(process, bus, delete)
            killed += ended
            async with service.running():
                await eventually(lambda: gone(bus, service, data), within=20)
                await begun()
            if not ended:
                break
    assert killed >= 5
    assert len(await told(bus, CourseDeleted)) >= killed


async def gone(bus, service, data):
    left = [*service.courses.glob("py"), *service.courses.glob(".removing*")]
    return not (left or list(data.glob("students/*/py")) or await shown(bus))


async def test_a_course_that_is_being_renamed_is_nobodys(service, site, teacher, bus, router):
    teacher.push(LESSON)
    asked = await bus.client.subscribe(CloseCourse.pattern())

    async def nobody(_):
        return WorkspacesCounted(students={})

    async with service.running(), bus.answering(CountWorkspaces, nobody):
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        await bus.tell(RenameCourse(course="py", to="r"))
        await asked.next_msg(timeout=10)  # and nobody answers
        assert await shown(bus) is await shown(bus, "r") is None
        assert "unknown" in await refused(bus, PullCourse(course="py"))
        for name in ("py", "r"):
            assert "exists" in await refused(bus, CreateCourse(course=name, giturl=teacher.url))
    await asked.unsubscribe()
    async with service.running(), world.running(site, MemoryEngine()):
        await eventually(lambda: shown(bus, "r"), within=20)
        assert await router.denied("w1/first", course="py") == "course-unknown"
        await router.opened("w1/first", course="r")


async def test_a_provisioner_that_is_killed_meanwhile_goes_on_when_it_is_back(
    service, teacher, bus, data, nats_url, tmp_path
):
    teacher.push(LESSON)
    students = [f"s{n}" for n in range(2000)]
    for student in students:
        (data / "students" / student / "py").mkdir(parents=True)
    config = world.config(data, nats_url, provisioner={"engine": "memory"})
    async with service.running(), processes.provisioner(config, tmp_path) as provisioner:
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        renaming = asyncio.create_task(done(bus, RenameCourse(course="py", to="r"), within=60))
        first = data / "students" / "s0" / "r"
        await eventually(first.exists, within=20, pause=0.001)
        await provisioner.kill()
        assert len(list(data.glob("students/*/*"))) == len(students)
        await provisioner.start()
        await renaming
    assert {p.name for p in data.glob("students/*/*")} == {"r"}
    assert len(list(data.glob("students/*/r"))) == len(students)


async def test_old_revisions_go_when_no_lab_uses_them(open_folder, nats_url, bus, teacher, router):
    service = Service(open_folder, nats_url, more="revisions_grace = 0.3")
    site = world.config(service.courses.parent, nats_url)
    async with service.running(), world.running(site, MemoryEngine()):
        first = teacher.push(LESSON)
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        await router.opened("w1/first", course="py")
        commits = []
        for number in range(4):
            commits.append(teacher.push(LESSON | {"n.md": f"{number}"}))
            await done(bus, PullCourse(course="py"))
        revisions = service.courses / "py" / "revisions"
        kept = {first, *commits[-2:]}
        await eventually(lambda: {p.name for p in revisions.iterdir()} == kept)
        await bus.tell(StopLab(node="node1", course="py", student="ada"))
        await eventually(
            lambda: {p.name for p in revisions.iterdir()} == set(commits[-2:]), within=10
        )


async def test_no_revision_goes_while_the_provisioner_does_not_say_which_it_uses(
    open_folder, nats_url, bus, teacher
):
    service = Service(open_folder, nats_url, more="revisions_grace = 0.1")
    async with service.running():
        teacher.push(LESSON)
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        for number in range(3):
            teacher.push(LESSON | {"n.md": f"{number}"})
            await done(bus, PullCourse(course="py"))
        asked = await bus.client.subscribe("nbh.question.workspaces.revisions.*")
        for _ in range(2):
            await asked.next_msg(timeout=10)
        assert len(list((service.courses / "py" / "revisions").iterdir())) == 4
