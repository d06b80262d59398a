"""What is asked of the builder, and what becomes of its answers."""

from datetime import UTC, datetime

import msgspec
import pytest

from nbh_courses.building import Builds, Site
from nbh_courses.checking import Checks
from nbh_courses.failure import CourseError
from nbh_kit.buckets import Bucket
from nbh_proto import (
    Build,
    BuildCourse,
    BuildDocs,
    BuildFinished,
    BuildImage,
    CheckCourse,
    Course,
    CourseIndex,
    ImageBuilt,
    KeepImages,
    RollBackCourse,
)
from nbh_proto.streams import COMMANDS

DEFAULT = "nbhosting/minimal-notebook"
FILES = {"w1/first.md": "# First\n", "nbhosting/Dockerfile": "FROM x\n"}
BOOK = Build(id="book", name="Book", script="make html")
ELSEWHERE = Build(id="else", name="Elsewhere", external_url="https://example.org/")


@pytest.fixture
def builds(site, bus, tmp_path):
    """Builds of the site's courses."""
    where = Site(
        name="nbh",
        node="node1",
        local=tmp_path / "local",
        default_image=DEFAULT,
        max_bytes=2**20,
    )
    return Builds(bus, site.shelf, site.pulls, site.announcer, site.environment, where)


async def asked(bus, type_):
    """What stands in the queue for the builder, of one type."""
    found = []
    for sequence in range(1, (await bus.js.stream_info(COMMANDS.name)).state.last_seq + 1):
        raw = await bus.js.get_msg(COMMANDS.name, sequence)
        if raw.subject == type_.pattern().replace("*", "node1"):
            found.append(msgspec.json.decode(raw.data, type=type_))
    return found


async def shown(bus, course: str = "py") -> Course:
    return (await Bucket(bus, Course).get(course)).value


async def index(bus, record, *builds: Build) -> None:
    value = CourseIndex(course=record.course, commit=record.commit, builds=builds)
    await Bucket(bus, CourseIndex).put(value.key, value)


def was_built(command: BuildImage, **more) -> ImageBuilt:
    return ImageBuilt(
        course=command.course,
        node=command.node,
        commit=command.commit,
        version=command.version,
        image=f"localhost/nbh/{command.course}:{command.version}",
        image_id="i",
        fed="f",
        seconds=1,
        size=1,
        about=command.id,
        **more,
    )


async def test_new_labs_get_an_image_once_it_is_heard_of(site, builds, bus, teacher):
    teacher.push(FILES)
    record = await site.create(teacher.url)
    await builds.ask(BuildCourse(course="py"), site.say)
    [command] = await asked(bus, BuildImage)
    assert (command.commit, command.version) == (record.commit, record.commit[:10])
    assert (site.shelf.place("py").folder / "contexts" / command.context).is_dir()
    assert (await shown(bus)).image == DEFAULT
    for _ in range(2):  # delivered at least once
        await builds.heard(was_built(command))
    assert (await shown(bus)).image == f"localhost/nbh/py:{command.version}"
    assert (await asked(bus, KeepImages))[-1].images == (f"localhost/nbh/py:{command.version}",)


async def test_who_borrows_an_image_gets_the_new_one_and_the_old_one_again(
    site, builds, bus, teacher
):
    first = teacher.push(FILES)
    await site.create(teacher.url)
    await site.create(teacher.url, course="too", image="py")
    assert (await shown(bus, "too")).image == "py"
    await builds.ask(BuildCourse(course="py"), site.say)
    await builds.heard(was_built((await asked(bus, BuildImage))[-1]))
    teacher.push(FILES | {"w1/more.md": "# More\n"})
    await site.pull()
    await builds.ask(BuildCourse(course="py"), site.say)
    await builds.heard(was_built((await asked(bus, BuildImage))[-1]))
    assert (await shown(bus, "too")).image == (await shown(bus)).image
    assert (await asked(bus, BuildImage))[-1].known == ("f",)
    await builds.roll_back(RollBackCourse(course="py"), site.say)
    site.lines.clear()
    await builds.ask(BuildCourse(course="py"), site.say)
    assert [line for line in site.lines if "rollback py" in line and first[:10] in line]
    assert (await shown(bus, "too")).image == f"localhost/nbh/py:{first[:10]}"


async def test_a_course_without_a_dockerfile_says_where_one_is_looked_for(site, builds, teacher):
    teacher.push({"w1/first.md": "# First\n"})
    await site.create(teacher.url)
    with pytest.raises(CourseError, match=r"no-dockerfile.*local/py"):
        await builds.ask(BuildCourse(course="py"), site.say)
    with pytest.raises(CourseError, match="unknown"):
        await builds.ask(BuildCourse(course="other"), site.say)


async def test_documentation_is_built_where_there_is_a_script(site, builds, bus, teacher):
    teacher.push(FILES)
    await index(bus, await site.create(teacher.url), BOOK, ELSEWHERE)
    await builds.ask(BuildCourse(course="py", what="docs"), site.say)
    [command] = await asked(bus, BuildDocs)
    assert (command.builds, command.image) == ((BOOK,), DEFAULT)
    with pytest.raises(CourseError, match="there is no build else; there is book"):
        await builds.ask(BuildCourse(course="py", what="docs", builds=("else",)), site.say)


async def test_a_publication_builds_the_image_and_then_the_documentation(
    site, builds, bus, teacher
):
    teacher.push(FILES)
    record = await site.create(teacher.url)
    await builds.heard(record.publication)
    assert await asked(bus, BuildImage) == []
    automatic = msgspec.structs.replace(record, autobuild=True)
    site.shelf.place("py").remember(automatic)
    await index(bus, record, BOOK)
    for _ in range(2):  # delivered at least once
        await builds.heard(record.publication)
    [command] = await asked(bus, BuildImage)
    assert await asked(bus, BuildDocs) == []
    finished = BuildFinished(
        id="finished-1",
        course="py",
        node="node1",
        what="image",
        commit=command.commit,
        outcome="done",
        seconds=1,
    )
    await builds.heard(finished)
    assert [docs.builds for docs in await asked(bus, BuildDocs)] == [(BOOK,)]


def ended(commit: str, minute: int, **more) -> BuildFinished:
    return BuildFinished(
        at=datetime(2026, 1, 2, 3, minute, tzinfo=UTC),
        course="py",
        node="node1",
        what="image",
        commit=commit,
        seconds=1,
        **{"outcome": "done"} | more,
    )


async def test_how_the_last_build_ended_is_shown_and_found_by_a_check(site, builds, bus, teacher):
    teacher.push(FILES)
    commit = (await site.create(teacher.url)).commit
    failed = ended(commit, 5, outcome="failed", reason="step-failed", detail="line 3: no")
    for event in (failed, ended(commit, 4), failed):  # at least once, in whatever order
        await builds.heard(event)
    last = (await shown(bus)).image_build
    assert (last.outcome, last.why, last.commit) == ("failed", "step-failed: line 3: no", commit)
    found = await Checks(bus, site.shelf).answer(CheckCourse(course="py"))
    said = [p.sentence for p in found.problems if p.level == "error"]
    assert said == [f"image: could not be built of {commit[:10]}: step-failed: line 3: no"]
    await builds.heard(ended(commit, 6))
    assert (await shown(bus)).image_build.why == ""
    found = await Checks(bus, site.shelf).answer(CheckCourse(course="py"))
    assert found.errors == 0
