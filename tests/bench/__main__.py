"""`make bench`: prints each figure beside its floor and writes bench.json."""

import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from nbh_kit.buckets import Bucket
from nbh_proto import Course
from nbh_provisioner.revision import Revisions
from tests.bench import (
    abuse,
    backing_up,
    boot,
    cold,
    courses,
    dashboard,
    demo,
    disaster,
    figures,
    first_course,
    first_output,
    frozen,
    indexing,
    learner,
    memory,
    observing,
    pool,
    reaping,
    routes,
    running,
    statistics,
    upgrading,
)
from tests.bench.bare import Bare
from tests.bench.figures import Figure
from tests.chaos.settings import WITH_POOL
from tests.e2e.student import Student
from tests.system import running_system

LABS = 10


async def main(output: Path) -> int:
    """Measure everything; 0 if every goal is met."""
    console = Console(width=200)
    with tempfile.TemporaryDirectory(prefix="nbh-bench-", dir=Path.cwd() / ".make") as folder:
        found = routes.figures(Path(folder))
        found += await courses.figures()
        found += indexing.figures()
        with console.status("asking, keeping and taking over statistics"):
            found += await statistics.figures()
        with console.status("watching idle labs"):
            found += await reaping.figures()
        with console.status("looking at the dashboard"):
            found += await dashboard.figures()
        with console.status("backing up and restoring workspaces"):
            found += backing_up.figures(Path(folder))
        async with running_system(Path(folder), engine="podman") as system:
            await system.new_course("lesson")
            with console.status("starting idle labs"):
                found += await boot.figures(system.config.podman_socket, Path(folder) / "boot")
            with console.status("opening notebooks as learners do"):
                found += await learner.figures(
                    system.config.podman_socket, Path(folder) / "learner"
                )
                found += await first_output.figures(system, Path(folder) / "first-output")
            found += await _with_labs(system, console)
            with console.status("upgrading at noon"):
                found += await upgrading.figures(system)
            with console.status("abusing a lab"):
                found += await abuse.figures(system)
            bare = await _bare(system, Path(folder))
            found += await cold.figures(system, bare)
            found += await pool.figures(system, bare)
        with console.status("opening with and without log and numbers"):
            found += await observing.added(Path(folder) / "observing")
        with console.status("starting demos"):
            found += await demo.figures(Path(folder) / "demo")
        with console.status("setting up a bare machine"):
            found += await first_course.figures(Path(folder) / "first-course")
        other = Path(folder) / "chaos"
        other.mkdir()
        async with running_system(other, engine="podman", settings=WITH_POOL) as system:
            await system.new_course("lesson")
            with console.status("killing everything for a minute"):
                found += await disaster.figures(system)
    figures.show(found, console)
    figures.write(found, output)
    return 0 if all(f.met for f in found) else 1


async def _with_labs(system, console: Console) -> list[Figure]:
    students = [f"student-{n}" for n in range(LABS)]
    with console.status("starting ten labs"):
        for student in students:
            await _open(system, student)
    weights = memory.figures(system.pids | {"nbh up": system.up})
    with console.status("opening running labs"):
        opens = await running.figures(system, students[: running.AT_ONCE])
    with console.status("freezing and re-opening labs"):
        opens += await frozen.figures(system, students)
    for student in students:
        await system.nbh("lab", "stop", "lesson", student)
    return [*opens, *weights]


async def _open(system, name: str) -> None:
    student = Student(system.link("lesson", "w1/first", name))
    await student.open()
    await student.close()


async def _bare(system, folder: Path) -> Bare:
    course = await Bucket(system.bus, Course).get("lesson")
    revision = Revisions(system.config.site.data / "courses").current(course.value)
    return Bare(system.config, folder / "bare", revision, "w1/first.md")


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path("bench.json"))))
