"""`nbh course …` on the whole running system: from create to delete."""

import json

import pytest

from nbh_kit.testing import eventually
from tests.e2e.student import Student
from tests.system import Failed, running_system


@pytest.fixture
async def system(tmp_path):
    async with running_system(tmp_path, engine="memory") as running:
        yield running


async def one(system, *words):
    return json.loads(await system.nbh("course", "list", *words, "--json"))


async def test_a_course_is_set_watched_renamed_and_deleted(system):
    await system.new_course("lesson")
    limits = ("--memory", "700M", "--idle", "2h", "--cpus", "0.5")
    assert "lesson is set" in await system.nbh("course", "set", "lesson", *limits)
    said = await system.nbh("course", "set", "less*", "--staff", "ada @teachers", "--no-autopull")
    assert "lesson is set" in said
    await system.nbh("course", "set", "lesson", "--egress", "PyPI.org:443")
    with pytest.raises(Failed, match="neither open, closed nor HOST:PORT"):
        await system.nbh("course", "set", "lesson", "--egress", "pypi.org")
    course = await one(system)
    assert course["egress"] == "pypi.org:443"
    assert course["limits"]["memory"] == 700 * 1024**2
    assert (course["staff"], course["autopull"]) == (["ada", "@teachers"], False)
    await system.nbh("course", "set", "lesson", "--memory", "default", "--remove-staff", "ada")
    course = await one(system)
    assert (course["limits"]["memory"], course["staff"]) == (None, ["@teachers"])

    student = Student(system.link("lesson", "w1/first", "ada"))
    await student.open()
    assert (await one(system, "lesson"))["labs"] == 1
    assert "1: ada" in await system.nbh("course", "show", "lesson")
    for words in (("rename", "lesson", "course"), ("delete", "lesson", "--yes")):
        with pytest.raises(Failed, match="labs-run: of ada"):
            await system.nbh("course", *words)
    await system.nbh("lab", "stop", "lesson", "ada")
    await student.close()

    said = await system.nbh("course", "rename", "lesson", "course")
    assert "lesson is course now" in said
    assert "statistics" in said
    assert (await one(system))["course"] == "course"
    assert (await one(system))["students"] == 1
    assert system.path("ada", "course", "w1/first.md").exists()
    again = Student(system.link("course", "w1/first", "ada"))
    await again.open()
    await system.nbh("lab", "stop", "course", "ada")
    await again.close()

    said = await system.nbh("course", "delete", "course", "--with-students", "--yes")
    assert "course is deleted, with the files of 1 students" in said
    assert await system.nbh("course", "list") == "There is no course yet.\n"
    await eventually(lambda: not system.folder("ada", "course").exists())
    assert "course.renamed" in await system.nbh("events", "--course", "lesson")


async def test_several_courses_are_pulled_with_a_line_of_outcome_each(system):
    repositories = {name: await system.new_course(name) for name in ("py", "py-adv", "r")}
    commits = {name: r.push({"w1/x.md": "# X\n"}) for name, r in repositories.items()}
    lines = (await system.nbh("course", "pull", "py*")).splitlines()
    assert sorted(line.split()[0] for line in lines) == ["py", "py-adv"]
    assert all("published" in line for line in lines)
    await system.nbh("course", "set", "py", "--archived")
    repositories["py-adv"].folder.rename(system.shared / "away")
    with pytest.raises(Failed, match="FAILED unreachable") as failed:
        await system.nbh("course", "pull", "--all")
    assert "\npy " not in str(failed.value)
    rows = [json.loads(row) for row in (await system.nbh("course", "list", "--json")).splitlines()]
    assert {row["course"]: row["commit"] for row in rows} == commits


async def test_a_url_that_is_set_is_pulled_at_once(system):
    await system.new_course("lesson")
    other = await system.new_course("other")
    commit = other.push({"w1/x.md": "# X\n"})
    await system.nbh("course", "set", "lesson", "--url", str(other.folder))
    assert (await one(system, "lesson"))["commit"] == commit


async def test_several_courses_are_checked_and_built_at_once(system):
    right = await system.new_course("py")
    wrong = await system.new_course("py-adv")
    await system.new_course("r")
    right.push({"w1/x.md": "# X\n"})
    wrong.push({"w1/broken.ipynb": "{"})
    await system.nbh("course", "pull", "--all")
    assert "broken.ipynb" not in await system.nbh("course", "check", "py")
    with pytest.raises(Failed, match=": 1\n") as failed:
        await system.nbh("course", "check", "py*")
    said = str(failed.value)
    assert "\npy\n" in said
    assert "\npy-adv\n" in said
    assert "\nr\n" not in said
    assert said.index("py-adv") < said.index("w1/broken.ipynb")
    with pytest.raises(Failed, match=": 1\n") as failed:
        await system.nbh("course", "check", "--all", "--json")
    rows = [json.loads(row) for row in str(failed.value).splitlines()[1:]]
    assert {row["course"] for row in rows if row["level"] == "error"} == {"py-adv"}
    with pytest.raises(Failed, match=r"py .*FAILED no-dockerfile") as failed:
        await system.nbh("course", "build", "py*")
    assert "py-adv  FAILED no-dockerfile" in str(failed.value)


async def test_a_check_of_what_is_not_there_fails(system):
    await system.new_course("py")
    with pytest.raises(Failed, match="no course is called 'java'"):
        await system.nbh("course", "check", "java")
