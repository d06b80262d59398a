"""Documentation of a course, built in a container like a lab: podman, for real."""

from pathlib import Path

import pytest

from nbh_builder.failure import BuildError
from nbh_builder.shelving import Shelves
from nbh_proto import Build, BuildDocs, DocsBuilt
from tests.builder.world import NODE, events
from tests.courses.teacher import LESSON, Teacher

SITE = (
    "mkdir -p _build/html && cp ../README.md _build/html/index.html\n"
    "ln -s /etc/passwd _build/html/stolen; ln -s / _build/html/root; mkfifo _build/html/pipe\n"
    "id -u; id -un; ls /home/jovyan/work"
)


@pytest.fixture
def course(world):
    """A course as the courses service has it; its commit."""
    teacher = Teacher(world.data / "courses" / "py" / "mirror.git")
    return teacher.push(LESSON)


def docs(course, *builds, **more):
    return BuildDocs(
        node=NODE,
        course="py",
        commit=course,
        image="nbhosting/minimal-notebook",
        builds=builds,
        **more,
    )


@pytest.mark.podman
async def test_a_result_is_published_by_commit_without_what_leads_elsewhere(
    world, course, bus, asker
):
    build = Build(id="book", name="Book", script=SITE, directory="modules")
    shelf = world.data / "courses" / "py" / "builds" / "book"
    async with world.running(), asker.asking(docs(course, build)):
        assert (await asker.ended()).line == "built book"
    assert (shelf / "latest").readlink() == Path(course)
    assert [path.name for path in (shelf / "latest").iterdir()] == ["index.html"]
    assert (shelf / "latest" / "index.html").read_text() == LESSON["README.md"]
    assert "1000" in asker.lines
    assert (await events(bus, DocsBuilt))[0].files == 1


@pytest.mark.podman
async def test_one_that_fails_leaves_what_was_there_and_the_others_are_built(world, course, asker):
    good = Build(
        id="good", name="good", script="mkdir -p _build/html; echo 1 > _build/html/index.html"
    )
    bad = Build(id="bad", name="bad", script="echo why; false; echo never")
    async with world.running(), asker.asking(docs(course, bad, good)):
        last = await asker.ended()
        assert (last.reason, last.detail) == (
            "step-failed",
            "bad: its script ended with status 1: why",
        )
        assert "why" in asker.lines
        assert "never" not in asker.lines
        asker.last = None
        async with asker.asking(docs(course, good)):
            assert (await asker.ended()).line == "nothing to build"
        asker.last = None
        async with asker.asking(docs(course, good, force=True)):
            assert (await asker.ended()).line == "built good"
    builds = world.data / "courses" / "py" / "builds"
    assert (builds / "good" / "latest" / "index.html").read_text() == "1\n"
    assert not (builds / "bad").exists()


@pytest.mark.podman
async def test_a_script_that_never_ends_is_ended(make_world, bus, asker):
    world = make_world(within=3.0)
    teacher = Teacher(world.data / "courses" / "py" / "mirror.git")
    commit = teacher.push(LESSON)
    async with (
        world.running(),
        asker.asking(docs(commit, Build(id="b", name="b", script="sleep 300"))),
    ):
        assert (await asker.ended()).reason == "slow"
    names = [c["Names"][0] for c in world.api.get("/containers/json", all="true") or []]
    assert not [name for name in names if world.site in name]


@pytest.fixture
def room(tmp_path):
    """Where a script has worked, and the course it is of."""
    (tmp_path / "room" / "html").mkdir(parents=True)
    (tmp_path / "course").mkdir()
    (tmp_path / "room" / "html" / "index.html").write_text("old")
    return tmp_path


def put(room, commit="1" * 40, result="html", max_bytes=1000):
    return Shelves(room / "course").put(
        "book", commit, room / "room", result, "index.html", max_bytes
    )


def test_what_is_published_again_takes_the_place_of_the_old_at_once(room):
    put(room)
    (room / "room" / "html" / "index.html").write_text("new")
    put(room)
    shelf = room / "course" / "builds" / "book"
    assert (shelf / "latest" / "index.html").read_text() == "new"
    assert sorted(path.name for path in shelf.iterdir()) == ["1" * 40, "latest"]


def test_a_result_that_is_a_link_is_none(room):
    (room / "room" / "away").symlink_to("/etc")
    with pytest.raises(BuildError, match="no folder away"):
        put(room, result="away")
    (room / "room" / "html" / "index.html").unlink()
    (room / "room" / "html" / "index.html").symlink_to("/etc/passwd")
    with pytest.raises(BuildError, match=r"no index.html"):
        put(room)
    assert not (room / "course" / "builds" / "book" / "latest").exists()


def test_too_much_is_refused_and_leaves_what_was_there(room):
    put(room)
    (room / "room" / "html" / "big").write_bytes(b"x" * 2000)
    with pytest.raises(BuildError, match="1000 bytes"):
        put(room, commit="2" * 40)
    shelf = room / "course" / "builds" / "book"
    assert (shelf / "latest").readlink().name == "1" * 40
    assert sorted(path.name for path in shelf.iterdir()) == ["1" * 40, "latest"]


def test_a_course_that_plants_a_link_gets_nothing_written_elsewhere(room):
    (room / "elsewhere").mkdir()
    (room / "course" / "builds").symlink_to(room / "elsewhere")
    with pytest.raises(OSError, match="builds"):
        put(room)
    assert list((room / "elsewhere").iterdir()) == []
