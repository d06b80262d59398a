"""An operator's commands on the whole running system: real services, labs in memory."""

import json

import pytest

from nbh_kit.testing import eventually
from tests.e2e.courses import small_course
from tests.e2e.student import Student
from tests.system import Failed, running_system


@pytest.fixture
async def system(tmp_path):
    async with running_system(tmp_path, engine="memory") as running:
        yield running


async def test_a_course_is_created_opened_watched_and_its_lab_ended(system):
    repository = small_course(system.shared / "lesson")
    said = (await system.nbh("course", "create", "lesson", str(repository.folder))).splitlines()
    assert len(said) >= 2, "progress comes before the end"
    course = json.loads(await system.nbh("course", "list", "--json"))
    assert (course["course"], course["failure"]) == ("lesson", None)
    assert course["published_at"]

    student = Student((await system.nbh("link", "lesson", "w1/first", "ada")).strip())
    await student.open()
    lab = json.loads(await system.nbh("lab", "list", "--json"))
    assert (lab["course"], lab["student"], lab["state"]) == ("lesson", "ada", "ready")

    assert "access.opened" in await system.nbh("events", "--course", "lesson")
    stored = await eventually(lambda: _stored(system, "access.opened"))
    assert (stored["student"], stored["notebook"]) == ("ada", "w1/first.md")

    stopped = await system.nbh("lab", "stop", "lesson", "ada")
    assert stopped == "the lab is stopped\n"
    assert await system.nbh("lab", "list") == "No lab runs.\n"
    await student.close()


async def test_what_a_teacher_pushes_is_published_by_a_pull(system):
    repository = await system.new_course("lesson")
    before = json.loads(await system.nbh("course", "list", "--json"))
    commit = repository.push({"w1/third.md": "# Third\n"})
    await system.nbh("course", "pull", "lesson")
    after = json.loads(await system.nbh("course", "list", "--json"))
    assert (after["commit"], after["notebooks"]) == (commit, before["notebooks"] + 1)


async def test_a_course_that_cannot_be_had_fails_with_its_reason(system):
    await system.new_course("lesson")
    for words, reason in (
        (("create", "lesson", str(system.shared / "lesson")), "exists"),
        (("create", "other", str(system.shared / "nothing-there")), "unreachable"),
        (("pull", "unknown"), "unknown"),
    ):
        with pytest.raises(Failed, match=reason):
            await system.nbh("course", *words)


async def _stored(system, kind):
    lines = (await system.nbh("stats", "events", "--kind", kind, "--json")).splitlines()
    return json.loads(lines[0]) if lines else None
