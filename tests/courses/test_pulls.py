"""Creating and pulling courses, on the disk and on the bus."""

import asyncio
import os
import time

import msgspec
import pytest

from nbh_courses.failure import CourseError
from nbh_courses.git_program import Stopping
from nbh_kit.buckets import Bucket
from nbh_proto import Course, CourseFailed, CoursePublished
from nbh_proto.course import Changes
from nbh_proto.streams import EVENTS
from tests.courses.service import silent_forge
from tests.courses.site import Site
from tests.courses.teacher import LESSON, Teacher


async def told(bus, type_):
    """The events of a type that are stored, in order."""
    state = (await bus.js.stream_info(EVENTS.name)).state
    every = [await bus.js.get_msg(EVENTS.name, n) for n in range(1, state.messages + 1)]
    subject = type_.pattern().removesuffix(".*")
    of_type = [raw.data for raw in every if raw.subject.startswith(subject)]
    return [msgspec.json.decode(data, type=type_) for data in of_type]


async def shown(bus, course="py"):
    held = await Bucket(bus, Course).get(course)
    return held and held.value


async def test_a_created_course_is_served_shown_and_told(site, teacher, bus):
    commit = teacher.push(LESSON)
    await site.create(teacher.url)
    assert site.served()["notebooks/w1/first.md"] == b"# First\n"
    course = await shown(bus)
    assert (course.commit, course.notebooks, course.failure) == (commit, 4, None)
    assert course.image == "nbhosting/minimal-notebook"
    (event,) = await told(bus, CoursePublished)
    assert (event.course, event.commit, event.notebooks) == ("py", commit, 4)


async def test_a_pull_publishes_what_was_pushed(site, teacher, bus):
    first = teacher.push(LESSON)
    await site.create(teacher.url)
    second = teacher.push(LESSON | {"w1/first.md": "# Better\n"})
    await site.pull()
    assert site.served()["notebooks/w1/first.md"] == b"# Better\n"
    assert [e.commit for e in await told(bus, CoursePublished)] == [first, second]
    assert (await shown(bus)).commit == second


async def test_how_many_files_a_push_changes_is_told(site, teacher, bus):
    teacher.push(LESSON | {"w9/a/b/old.md": "x", "w9/was": "a file"})
    await site.create(teacher.url)
    less = {k: v for k, v in LESSON.items() if k != "notes.txt"}
    # one is other, one is gone, two have moved, and where a file was there is a folder of two
    changed = {"w1/first.md": "# Better\n", "w8/a/b/old.md": "x", "w9/was/1": "", "w9/was/2": ""}
    teacher.push(less | changed)
    assert (await site.pull()).changed == 1 + 1 + 2 + 3
    assert (await shown(bus)).changed == 7
    assert [e.changed for e in await told(bus, CoursePublished)] == [0, 7]
    rewritten = teacher.push(LESSON, onto=None)
    record = await site.pull()
    assert (record.commit, record.changed) == (rewritten, 1 + 1 + 1 + 2)


async def test_a_pull_of_nothing_new_tells_nothing_and_keeps_the_revision(site, teacher, bus):
    teacher.push(LESSON)
    await site.create(teacher.url)
    before = site.shelf.place("py").current.lstat()
    record = await site.pull()
    assert site.shelf.place("py").current.lstat() == before
    assert len(await told(bus, CoursePublished)) == 1
    assert (await shown(bus)).pulled_at == record.pulled_at


async def test_progress_is_told_while_it_is_made(site, teacher):
    teacher.push(LESSON)
    await site.create(teacher.url)
    assert site.lines[0] == f"asking {teacher.url}"
    assert site.lines[1].startswith("fetching main at ")
    assert any("Receiving objects: 100%" in line for line in site.lines)


async def test_the_default_branch_is_the_repository_s_own(tmp_path, site):
    teacher = Teacher(tmp_path / "other.git", branch="trunk")
    commit = teacher.push(LESSON)
    record = await site.create(teacher.url)
    assert (record.commit, record.shown_as) == (commit, "trunk")


async def test_a_branch_can_be_chosen(site, teacher):
    chosen = teacher.push(LESSON)
    teacher.git("branch", "2026/spring")
    teacher.push({"n.md": "not yet"})
    record = await site.create(teacher.url, branch="2026/spring")
    assert record.commit == chosen
    assert "notebooks/n.md" not in site.served()


async def test_clones_of_the_mirror_find_the_published_branch_and_no_other(
    tmp_path, site, teacher
):
    teacher.push(LESSON)
    teacher.git("branch", "secret")
    await site.create(teacher.url)
    commit = teacher.push(LESSON | {"new.md": "x"})
    await site.pull()
    mirror = site.shelf.place("py").mirror
    teacher.git("clone", "--quiet", str(mirror), str(tmp_path / "clone"))
    seen = teacher.git("-C", str(tmp_path / "clone"), "branch", "--all", "--format=%(refname)")
    assert "secret" not in seen
    assert teacher.git("-C", str(tmp_path / "clone"), "rev-parse", "main") == commit
    assert not (mirror / "hooks").exists()


async def test_when_the_default_branch_is_renamed_clones_follow(tmp_path, site, teacher):
    teacher.push(LESSON)
    await site.create(teacher.url)
    teacher.git("branch", "--move", "main", "main2")
    teacher.git("symbolic-ref", "HEAD", "refs/heads/main2")
    teacher.branch = "main2"
    commit = teacher.push({"n.md": "x"})
    await site.pull()
    mirror = site.shelf.place("py").mirror
    heads = teacher.git("--git-dir", str(mirror), "for-each-ref", "refs/heads")
    assert heads == f"{commit} commit\trefs/heads/main2"
    assert (mirror / "HEAD").read_text() == "ref: refs/heads/main2\n"


async def test_history_may_be_rewritten(site, teacher):
    first = teacher.push({"n.md": "1"})
    teacher.push({"n.md": "2"})
    await site.create(teacher.url)
    forced = teacher.push({"n.md": "3"}, onto=first)
    assert (await site.pull()).commit == forced
    assert site.served() == {"notebooks/n.md": b"3"}


async def test_history_may_be_another_one(site, teacher):
    teacher.push({"n.md": "1"})
    await site.create(teacher.url)
    unrelated = teacher.push({"m.md": "2"}, onto=None)
    assert (await site.pull()).commit == unrelated
    assert site.served() == {"notebooks/m.md": b"2"}


async def test_history_may_go_back(site, teacher, bus):
    first = teacher.push({"n.md": "1"})
    await site.create(teacher.url)
    second = teacher.push({"n.md": "2"})
    await site.pull()
    teacher.git("update-ref", "refs/heads/main", first)
    await site.pull()
    assert site.served() == {"notebooks/n.md": b"1"}
    assert [e.commit for e in await told(bus, CoursePublished)] == [first, second, first]


def _delete_branch(teacher):
    teacher.git("update-ref", "-d", "refs/heads/main")


def _vanish(teacher):
    teacher.folder.rename(teacher.folder.with_name("away"))


def _become_junk(teacher):
    (teacher.folder / "HEAD").write_text("junk")


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        pytest.param(_delete_branch, "no-branch", id="branch deleted"),
        pytest.param(_vanish, "unreachable", id="vanished"),
        pytest.param(_become_junk, "unreachable", id="no repository any more"),
    ],
)
async def test_a_repository_that_breaks_is_told_and_the_last_revision_is_served(
    site, teacher, bus, break_it, reason
):
    commit = teacher.push(LESSON)
    await site.create(teacher.url)
    before = site.served()
    break_it(teacher)
    with pytest.raises(CourseError) as failed:
        await site.pull()
    assert failed.value.reason == reason
    assert site.served() == before
    course = await shown(bus)
    assert (course.commit, course.failure) == (commit, reason)
    (event,) = await told(bus, CourseFailed)
    assert (event.reason, bool(event.detail)) == (reason, True)


async def test_once_mended_the_failure_is_forgotten(site, teacher, bus):
    teacher.push(LESSON)
    await site.create(teacher.url)
    teacher.folder.rename(teacher.folder.with_name("away"))
    with pytest.raises(CourseError):
        await site.pull()
    teacher.folder.with_name("away").rename(teacher.folder)
    await site.pull()
    assert (await shown(bus)).failure is None


async def test_the_timer_tells_a_lasting_failure_once(site, teacher, bus):
    teacher.push(LESSON)
    await site.create(teacher.url)
    teacher.folder.rename(teacher.folder.with_name("away"))
    for _ in range(3):
        await site.round()
    assert len(await told(bus, CourseFailed)) == 1
    with pytest.raises(CourseError):
        await site.pull()
    assert len(await told(bus, CourseFailed)) == 2


async def test_the_timer_pulls_every_course_that_is_not_archived(tmp_path, site):
    teachers = {name: Teacher(tmp_path / f"{name}.git") for name in ("a", "b", "c")}
    for name, teacher in teachers.items():
        teacher.push({"n.md": "1"})
        await site.create(teacher.url, course=name)
        teacher.push({"n.md": "2"})
    place = site.shelf.place("b")
    place.remember(msgspec.structs.replace(place.record, archived=True))
    teachers["a"].folder.rename(tmp_path / "away")
    await site.round()
    assert {name: site.served(name)["notebooks/n.md"] for name in teachers} == {
        "a": b"1",
        "b": b"1",
        "c": b"2",
    }


async def test_a_course_that_cannot_be_published_is_not_created(site, teacher, bus):
    with pytest.raises(CourseError, match="no-branch: the repository is empty"):
        await site.create(teacher.url)
    assert site.shelf.records() == []
    assert [each.name for each in site.shelf.folder.iterdir()] == [".gitconfig"]
    assert await shown(bus) is None
    teacher.push(LESSON)
    await site.create(teacher.url)


async def test_a_course_is_created_with_its_settings_or_not_at_all(site, teacher, bus):
    teacher.push(LESSON)
    with pytest.raises(CourseError, match="staff: 'a b' is"):
        await site.create(teacher.url, changes=Changes(staff=("a b",)))
    assert site.shelf.records() == []
    await site.create(teacher.url, changes=Changes(staff=("ada",), autopull=False))
    course = await shown(bus)
    assert (course.staff, course.autopull, course.archived) == (("ada",), False, False)


async def test_a_name_is_taken_once(site, teacher):
    teacher.push(LESSON)
    await site.create(teacher.url, id="command-1")
    with pytest.raises(CourseError, match="exists"):
        await site.create(teacher.url, id="command-2")


async def test_the_same_command_again_is_the_same_course(site, teacher, bus):
    teacher.push(LESSON)
    first = await site.create(teacher.url, id="command-1")
    assert (await site.create(teacher.url, id="command-1")).commit == first.commit
    assert len(await told(bus, CoursePublished)) == 1


async def test_an_unknown_course_is_told_as_such(site):
    with pytest.raises(CourseError) as failed:
        await site.pull("none")
    assert failed.value.reason == "unknown"


async def test_ten_pulls_of_one_course_at_once_publish_once(site, teacher, bus):
    teacher.push(LESSON)
    await site.create(teacher.url)
    teacher.push({"n.md": "2"})
    await asyncio.gather(*(site.pull() for _ in range(10)))
    assert len(await told(bus, CoursePublished)) == 2


async def test_courses_are_pulled_a_few_at_a_time(tmp_path, bus):
    site = Site(tmp_path / "courses", bus, at_once=2)
    now_running, most = 0, 0

    async def count(line):
        nonlocal now_running, most
        if line.startswith("asking"):
            now_running += 1
            most = max(most, now_running)

    async def one(number):
        nonlocal now_running
        teacher = Teacher(tmp_path / f"{number}.git")
        teacher.push(LESSON)
        site.say = count
        await site.create(teacher.url, course=f"c{number}")
        now_running -= 1

    await asyncio.gather(*map(one, range(6)))
    assert most == 2


async def test_a_repository_that_never_answers_is_given_up(tmp_path, bus):
    site = Site(tmp_path / "courses", bus, local=False, seconds=0.5)

    async with silent_forge() as forge:
        began = time.monotonic()
        with pytest.raises(CourseError, match="slow: git ls-remote took longer than"):
            await site.create(forge.url)
    assert time.monotonic() - began < 5


async def test_who_leaves_in_the_middle_of_a_fetch_lets_it_be_asked_for_again(tmp_path, bus):
    site = Site(tmp_path / "courses", bus, local=False)
    async with silent_forge() as forge:
        creating = asyncio.create_task(site.create(forge.url))
        await forge.reached.wait()
        site.git.stop()
        with pytest.raises(Stopping):
            await creating
    assert await told(bus, CourseFailed) == []


async def test_a_pack_that_is_larger_than_allowed_is_refused(tmp_path, bus, teacher):
    site = Site(tmp_path / "courses", bus, max_bytes=200_000)
    teacher.push({"notes.bin": os.urandom(500_000)})
    with pytest.raises(CourseError) as failed:
        await site.create(teacher.url)
    assert failed.value.reason == "too-big"


async def test_a_bundle_can_be_a_course_s_url(tmp_path, site, teacher):
    commit = teacher.push(LESSON)
    bundle = tmp_path / "course.bundle"
    teacher.git("bundle", "create", "--quiet", str(bundle), "HEAD", "main")
    record = await site.create(str(bundle))
    assert (record.commit, record.shown_as) == (commit, "main")
    newer = teacher.push(LESSON | {"n.md": "x"})
    teacher.git("bundle", "create", "--quiet", str(bundle), "HEAD", "main")
    assert (await site.pull()).commit == newer


async def test_a_file_is_no_url_unless_the_site_says_so(tmp_path, bus, teacher):
    site = Site(tmp_path / "courses", bus, local=False)
    teacher.push(LESSON)
    with pytest.raises(CourseError, match="url-refused: files and bundles need"):
        await site.create(teacher.url)
