"""A course brings a Dockerfile: what its students get, and when (I2 to I5)."""

import json
import os
from pathlib import Path

import httpx2 as httpx
import msgspec
import pytest
import pytest_asyncio

from nbh_kit.testing import eventually
from tests.conftest import REPOSITORY
from tests.e2e.browser import Notebook
from tests.e2e.courses import Repository, small_course
from tests.e2e.student import Student
from tests.system import Failed

BUNDLE = Path(
    os.environ.get("NBH_COURSES", REPOSITORY.parent / "shared" / "courses"), "flotpython.bundle"
)

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]

DOCKERFILE = "FROM nbhosting/minimal-notebook\nCOPY colour.txt /opt/\n"


def brought(colour: str) -> dict[str, str]:
    return {
        ".nbhosting/Dockerfile": DOCKERFILE,
        ".nbhosting/colour.txt": colour,
    }


FULL = """async () => {
  const base = location.pathname.match(/^\\/\\d+\\//)[0];
  const url = `${base}lab/api/settings/nbh-notebook%3Aplugin`;
  const body = JSON.stringify({ raw: '{"interface": "full"}' });
  const answer = await fetch(url, { method: "PUT", body });
  if (!answer.ok) throw new Error(await answer.text());
  location.reload();
}"""
"""As somebody who changes the extension's settings."""


class Seen:
    """Students of one course, and what they see."""

    def __init__(self, system, course: str, repository: Repository | None = None) -> None:
        self._system = system
        self.course = course
        self.repository = repository

    async def colour(self, name: str) -> str:
        """What a student's lab has in the file that comes with the image."""
        code = "import pathlib as p; f = p.Path('/opt/colour.txt')\n"
        code += "print(f.read_text() if f.exists() else 'none')"
        return await self.run(name, "w1/first", code)

    async def run(self, name: str, notebook: str, code: str) -> str:
        student = Student(self._system.link(self.course, notebook, name))
        try:
            await student.open(within=90)
            return (await student.run(await student.kernel(), code)).strip()
        finally:
            await student.close()

    async def images(self) -> list[dict]:
        said = await self._system.nbh("course", "images", self.course, "--json")
        return [msgspec.json.decode(line) for line in said.splitlines()]

    async def new_ones_get(self) -> str:
        return next((v["commit"] for v in await self.images() if v["labs"]), "")


@pytest_asyncio.fixture(loop_scope="session")
async def course(system, request):
    """A course with a Dockerfile, and its teacher's clone."""
    name = f"c{abs(hash(request.node.name)) % 10**6}"
    repository = small_course(system.shared / name)
    repository.push(brought("blue"))
    await system.create_course(name, repository.folder)
    yield Seen(system, name, repository)
    await system.nbh("course", "set", name, "--no-autobuild")


async def test_new_labs_get_what_was_built_and_running_ones_keep_theirs(system, course):
    assert await course.colour("ada") == "none"
    said = await system.nbh("course", "build", course.course)
    assert "STEP 2/" in said
    assert f"new labs of {course.course} get localhost/" in said.splitlines()[-1]
    assert await course.colour("ada") == "none", "her lab runs, and keeps its image"
    assert await course.colour("bob") == "blue"
    assert "nothing to build" in await system.nbh("course", "build", course.course)
    assert "STEP 2/" in await system.nbh("course", "build", course.course, "--log")


async def test_a_push_builds_anew_where_it_changed_what_feeds_the_image(system, course):
    await system.nbh("course", "set", course.course, "--autobuild")
    first = course.repository.push(brought("red"))
    await system.pull(course.course)
    await eventually(lambda: _got(course, first), within=90, pause=0.5)
    assert await course.colour("ada") == "red"
    second = course.repository.push({"w1/third.md": "# Third\n"})
    await system.pull(course.course)
    done = {"course": course.course, "commit": second, "outcome": "done"}
    await eventually(lambda: system.events("build.finished", **done), within=60, pause=0.2)
    assert [version["commit"] for version in await course.images()] == [first]


async def test_going_back_is_one_command_and_what_fails_changes_nothing(system, course):
    await system.nbh("course", "build", course.course)
    first = await course.new_ones_get()
    second = course.repository.push(brought("green"))
    await system.pull(course.course)
    await system.nbh("course", "build", course.course)
    assert await course.new_ones_get() == second
    assert first[:10] in await system.nbh("course", "rollback", course.course)
    assert await course.colour("ada") == "blue"
    course.repository.push({".nbhosting/Dockerfile": DOCKERFILE + "RUN echo broken; false\n"})
    await system.pull(course.course)
    with pytest.raises(Failed, match=r"broken(.|\n)*step-failed"):
        await system.nbh("course", "build", course.course)
    assert await course.new_ones_get() == first
    assert await course.colour("bob") == "blue"


async def test_an_image_that_nothing_uses_goes(system, course):
    for colour in ("one", "two", "three"):
        course.repository.push(brought(colour))
        await system.pull(course.course)
        await system.nbh("course", "build", course.course)
    kept = {version["image"] for version in await course.images()}
    assert len(kept) == 2
    await eventually(lambda: _names(system, course.course, kept), within=20, pause=0.2)


async def test_a_course_may_run_in_another_ones_image(system, course):
    other = await system.new_course(f"{course.course}-too")
    await system.nbh("course", "set", f"{course.course}-too", "--image", course.course)
    await system.nbh("course", "build", course.course)
    assert other
    assert await Seen(system, f"{course.course}-too").colour("ada") == "blue"


has_bundle = pytest.mark.skipif(not BUNDLE.exists(), reason=f"there is no {BUNDLE}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mooc(system):
    """The course flotpython with an image of its own Dockerfile, as it is."""
    await system.create_course("mooc", BUNDLE)
    await system.nbh("course", "build", "mooc", within=900)
    return "w1/w1-s1-c1-versions-python"


@has_bundle
async def test_flotpythons_own_dockerfile_is_built_as_it_is(system, mooc):
    seen = Seen(system, "mooc")
    code = "import nbautoeval; print(nbautoeval.__name__)"
    assert await seen.run("ada", mooc, code) == "nbautoeval"
    data = "import pathlib; print(len(list(pathlib.Path('data').iterdir())) > 3)"
    assert await seen.run("ada", mooc, f"import os; os.chdir('w1'); {data}") == "True"


@has_bundle
@pytest.mark.browser
async def test_the_public_extension_that_it_installs_works_as_it_is(
    system, mooc, platform, student_browser, tmp_path
):
    """jupyterlab-nbhosting, in a frame of another site with its cookies blocked (U10 to U12)."""
    async with student_browser("profile") as context:
        page = await context.new_page()
        await page.goto(platform.lesson("mooc", [system.link("mooc", mooc, "bea")]))
        frame = page.frame_locator("[name=frame0]")
        notebook = await Notebook(frame).shown()
        # where both are, there is one menu
        await frame.locator(".nbh-Opener").wait_for()
        assert not await frame.locator("#jp-MainMenu").is_visible()
        await page.screenshot(path=tmp_path / "one-menu.png")
        await frame.locator("body").evaluate(FULL)
        await notebook.shown()
        await frame.locator("#jp-MainMenu").wait_for()
        assert not await frame.locator(".nbh-Opener").is_visible()

        async def choose(entry):
            await frame.locator(".lm-MenuBar-itemLabel").get_by_text("File").click()
            await frame.locator(".lm-Menu-itemLabel").filter(has_text=entry).click()
            return frame.locator(".jp-Dialog-content")

        dialog = await choose("Show Student id")
        await dialog.get_by_text("bea").wait_for()
        await page.screenshot(path=tmp_path / "student-id.png")
        await dialog.get_by_role("button").last.click()

        await notebook.write("print('by Bea')")
        await notebook.save()
        copy = f"{mooc}.md"
        await eventually(lambda: "by Bea" in system.file("bea", "mooc", copy), within=20)
        dialog = await choose("Share Static Version")
        link = await dialog.locator("#share-url").inner_text()
        assert link in await system.nbh("share", "list")
        await page.screenshot(path=tmp_path / "shared.png")
        await dialog.get_by_role("button").last.click()

        dialog = await choose("Reset to Original")
        await dialog.get_by_role("button").filter(has_text="Reset").click()
        await eventually(lambda: "by Bea" not in system.file("bea", "mooc", copy), within=30)
        await notebook.shown()
        kept = system.folder("bea", "mooc").glob(f"{mooc}.kept-*")
        assert ["by Bea" in file.read_text() for file in kept] == [True]


async def _got(course, commit: str) -> bool:
    return await course.new_ones_get() == commit


async def _names(system, course: str, wanted: set[str]) -> bool:
    """Whether podman has just these images of a course."""
    return await system.image_names(course) == wanted


BOOK = """
builds:
  - name: book
    script: |
      mkdir -p _build/html
      cp w1/first.md _build/html/index.html
      ls -d data
"""


async def test_a_push_builds_the_documentation_that_the_course_describes(system, course):
    course.repository.push({".nbhosting/nbhosting.yaml": BOOK, "w1/first.md": "# Old\n"})
    await system.pull(course.course)
    assert "data" in (await system.nbh("course", "build-docs", course.course)).splitlines()
    builds = system.config.site.data / "courses" / course.course / "builds" / "book"
    assert (builds / "latest" / "index.html").read_text() == "# Old\n"
    assert "nothing to build" in await system.nbh("course", "build-docs", course.course, "book")
    await system.nbh("course", "set", course.course, "--autobuild")
    commit = course.repository.push({"w1/first.md": "# New\n"})
    await system.pull(course.course)
    await eventually(lambda: (builds / "latest").readlink().name == commit, within=90, pause=0.2)
    assert (builds / "latest" / "index.html").read_text() == "# New\n"
    shown = json.loads(await system.nbh("course", "show", course.course, "--json"))
    host, path = shown["documentation"]["book"].removeprefix("http://").split("/", 1)
    url = f"http://127.0.0.1:{system.port}/{path}"
    async with httpx.AsyncClient(follow_redirects=True) as client:
        assert (await client.get(url, headers={"Host": host})).text == "# New\n"
