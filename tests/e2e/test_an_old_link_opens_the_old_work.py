"""A link of nbhosting 0.59 opens, here, what its student did there: on the real parts."""

import pytest
import pytest_asyncio

from tests.e2e.courses import small_course
from tests.e2e.student import Student
from tests.moving import old_root
from tests.system import Failed, running_system

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]

PLATFORM = {"name": "old", "strategy": "referer", "hosts": ["fun-mooc.fr"], "keys": []}
"""What the import says about the old settings: a page of theirs vouches for its students."""

REFERER = "https://www.fun-mooc.fr/courses/python/"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def moved(tmp_path_factory, lab_images):
    folder = tmp_path_factory.mktemp("moved")
    async with running_system(folder, settings={"platform": PLATFORM}) as system:
        course = small_course(system.shared / "python")
        root = old_root.make(folder / "old", python=str(course.folder))
        with pytest.raises(Failed, match="published python at"):
            # its status is 1: a pipe is no file, a forge does not answer …
            await system.nbh("import-nbhosting", str(root))
        yield system


@pytest.mark.parametrize(
    ("form", "student"),
    [
        ("ipythonExercice/python/w1/first.ipynb/{}", old_root.HASH),
        ("notebookLazyCopy/python/w1/first/{}/", "ada"),
    ],
)
async def test_an_old_link_opens_the_old_work(moved, form, student):
    clicking = Student(f"{moved.url}/{form.format(student)}", referer=REFERER)
    url = await clicking.open()
    assert "/notebooks/w1/first.md?" in url
    notebook = await clicking.contents("w1/first.md?type=notebook")
    text = "\n".join(cell["source"] for cell in notebook["content"]["cells"])
    assert f"{student}s old work" in text
    await clicking.save("w1/notes.txt", "new notes")
    assert moved.file(student, "python", "w1/notes.txt") == "new notes"
    await clicking.close()
