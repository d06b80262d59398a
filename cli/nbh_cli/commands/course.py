"""`nbh course`: create, list, pull."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from nbh_cli import operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_proto import Command, Course, CreateCourse, PullCourse
from nbh_proto.names import BadName

app = App(name="course", help="Courses: create, list, pull.", help_format="plaintext")

_COLUMNS = ("course", "commit", "notebooks", "image", "giturl", "published", "trouble")


@app.command
def create(
    name: str,
    giturl: str,
    /,
    *,
    branch: Annotated[str, Parameter(help="Default: the repository's own.")] = "",
    image: Annotated[str, Parameter(help="Default: lab.image of the configuration.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Register a course under NAME and publish it, from the git repository at GITURL."""
    with _checked(name):
        command = CreateCourse(course=name, giturl=giturl, branch=branch, image=image)
    return _carry_out(command, config)


@app.command
def pull(name: str, /, *, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Fetch a course now and publish what is new."""
    with _checked(name):
        command = PullCourse(course=name)
    return _carry_out(command, config)


@app.command(name="list")
def list_(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """All courses, with what is wrong with them."""
    rows = asyncio.run(_courses(config))
    if json:
        output.show(map(msgspec.structs.asdict, rows), (), as_json=True, none="")
    else:
        output.show(map(_row, rows), _COLUMNS, as_json=False, none="There is no course yet.")


class _checked:
    """Says a bad name in a sentence."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None: ...

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, BadName):
            raise Sorry(f"{self._name!r} is {error}", 2) from error


def _carry_out(command: Command, file: Path) -> int:
    from nbh_cli import carrying_out  # brings rich along, which `course list` does without

    config = operating.load(file)

    async def carry_out() -> int:
        async with operating.bus(config) as bus:
            return await carrying_out.carry_out(bus, command, by="courses")

    return asyncio.run(carry_out())


async def _courses(file: Path) -> list[Course]:
    async with operating.bus(operating.load(file)) as bus:
        held = await operating.all_of(bus, Course)
    return sorted((h.value for h in held.values()), key=lambda course: course.course)


def _row(course: Course) -> output.Row:
    trouble = f"{course.failure}: {course.failure_detail}" if course.failure else ""
    return {
        "course": course.course + (" (archived)" if course.archived else ""),
        "commit": course.commit[:10],
        "notebooks": course.notebooks,
        "image": course.image,
        "giturl": course.giturl,
        "published": course.published_at,
        "trouble": trouble.removesuffix(": "),
    }
