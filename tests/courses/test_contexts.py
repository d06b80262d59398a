"""What a build of a course's image may read (G7, I2)."""

import pytest

from nbh_courses import contexts, tree
from nbh_courses.failure import CourseError
from tests.courses.site import MIB
from tests.courses.teacher import EXECUTABLE, link, published


@pytest.fixture
def exported(site, teacher, tmp_path):
    """Publish files and export what feeds the image: (context, files by path)."""

    async def export(files: dict, max_bytes: int = MIB, **local: str):
        commit = teacher.push({"w1/first.md": "# First\n"} | files)
        place = site.shelf.place("py")
        await (site.pull() if place.record else site.create(teacher.url))
        folder = tmp_path / "local" / "py"
        for name, text in local.items():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        with tree.opened(place.mirror, site.environment) as reader:
            context = contexts.export(place, reader, commit, folder, max_bytes)
        if context is None:
            return None, {}
        return context, published(place.folder / "contexts" / context.folder)

    return export


async def test_a_course_without_a_dockerfile_has_none(exported):
    assert await exported({"Dockerfile": "FROM x\n", "docker/Dockerfile": "FROM x\n"}) == (
        None,
        {},
    )


async def test_the_context_is_the_folder_that_holds_it(exported):
    files = {
        ".nbhosting/Dockerfile": "FROM a\n",
        ".nbhosting/in/run.sh": (EXECUTABLE, b"true\n"),
        "secret.txt": "no",
    }
    context, held = await exported(files)
    assert context.dockerfile == "Dockerfile"
    assert held == {"Dockerfile": b"FROM a\n", "in/run.sh": b"true\n"}


async def test_the_folder_without_a_dot_stands_over_the_other_and_it_is_told(exported):
    files = {".nbhosting/Dockerfile": "FROM a\n", "nbhosting/Containerfile": "FROM b\n"}
    context, held = await exported(files)
    assert held == {"Containerfile": b"FROM b\n"}
    assert context.dockerfile == "Containerfile"
    assert context.problems == (".nbhosting/Dockerfile is not used: nbhosting/Containerfile is",)


async def test_the_operators_own_stands_over_both(exported):
    context, held = await exported({"nbhosting/Dockerfile": "FROM b\n"}, Dockerfile="FROM c\n")
    assert held == {"Dockerfile": b"FROM c\n"}
    assert context.problems == ()


async def test_links_are_followed_within_the_folder_and_never_out_of_it(exported):
    files = {
        "nbhosting/Dockerfile": "FROM b\n",
        "nbhosting/same": link("Dockerfile"),
        "nbhosting/out": link("../w1/first.md"),
        "nbhosting/passwd": link("/etc/passwd"),
    }
    context, held = await exported(files)
    assert held == {"Dockerfile": b"FROM b\n", "same": b"FROM b\n"}
    assert len(context.problems) == 2


async def test_it_has_another_name_when_anything_in_it_changes(exported):
    base = {"nbhosting/Dockerfile": "FROM b\n", "nbhosting/x": "1"}
    first, _ = await exported(base)
    other, _ = await exported(base | {"README.md": "changed\n"})
    assert other == first
    content, _ = await exported(base | {"nbhosting/x": "2"})
    runs, _ = await exported(base | {"nbhosting/x": (EXECUTABLE, b"1")})
    named, _ = await exported({"nbhosting/Dockerfile": "FROM b\n", "nbhosting/y": "1"})
    assert len({first.folder, content.folder, runs.folder, named.folder}) == 4


async def test_what_was_begun_before_a_crash_is_made_anew(exported, site):
    files = {"nbhosting/Dockerfile": "FROM b\n"}
    context, _ = await exported(files)
    folder = site.shelf.place("py").folder / "contexts"
    (folder / ".writing" / "half").mkdir(parents=True)
    changed, held = await exported(files | {"nbhosting/x": "1"})
    assert changed.folder != context.folder
    assert sorted(held) == ["Dockerfile", "x"]
    assert not (folder / ".writing" / "half").exists()


async def test_too_much_is_refused(exported):
    files = {"nbhosting/Dockerfile": "FROM b\n", "nbhosting/big": "x" * 3000}
    with pytest.raises(CourseError, match="too-big"):
        await exported(files, max_bytes=2000)
