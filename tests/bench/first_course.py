"""From a bare machine to a first notebook, with compose, as docs/operating.md has it.

It has no floor: nothing else leads from there to there.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from nbh_cli.host.service import podman_service
from tests.bench.demo import nothing_kept, run
from tests.bench.figures import Figure, at_most
from tests.compose.project import Project, project
from tests.conftest import REPOSITORY
from tests.e2e.courses import small_course
from tests.e2e.student import Student

_MINUTES = 10


async def figures(folder: Path) -> list[Figure]:
    """Of a fresh clone, without packages or images of earlier runs; the programs of the system are
    there already."""
    folder.mkdir()
    checkout = folder / "checkout"
    with nothing_kept(folder) as environment, tempfile.TemporaryDirectory(prefix="nbh-") as data:
        Path(data).chmod(0o755)  # services read in it
        (site := Path(data) / "site").mkdir()
        run("git", "clone", "--quiet", str(REPOSITORY), str(checkout))
        began = time.monotonic()
        run(
            "make",
            "--silent",
            "setup",
            "services",
            "images",
            environment=environment,
            cwd=checkout,
        )
        made = time.monotonic() - began
        with _added({**environment, "NBH_PODMAN_STORAGE": str(folder / "images")}):
            async with (
                podman_service(folder / "podman") as socket,
                project(site, socket, checkout) as running,
            ):
                await _a_first_notebook(running)
                seconds = time.monotonic() - began
    name = "a bare machine to the first notebook, with compose"
    spread = f"images {made / 60:.1f}, then {(seconds - made) / 60:.1f}"
    return [at_most(name, seconds / 60, _MINUTES, unit="min", floor=None, spread=spread)]


async def _a_first_notebook(running: Project) -> None:
    course = small_course(running.data / "local" / "repository")
    await running.nbh("course", "create", "lesson", str(course.folder))
    student = Student((await running.nbh("link", "lesson", "w1/first", "ada")).strip())
    try:
        await student.open()
        assert await student.run(await student.kernel(), "print(6 * 7)") == "42\n"
    finally:
        await student.close()


@contextmanager
def _added(environment: Mapping[str, str]) -> Iterator[None]:
    """To ours, so that all that we start has it."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
