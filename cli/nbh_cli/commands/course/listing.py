"""`nbh course list`."""

import asyncio
from pathlib import Path

import msgspec

from nbh_cli import operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_proto import Course

_COLUMNS = ("course", "commit", "notebooks", "image", "giturl", "published", "trouble")


def list_(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """All courses, with what is wrong with them."""
    rows = asyncio.run(_courses(config))
    if json:
        output.show(map(msgspec.structs.asdict, rows), (), as_json=True, none="")
    else:
        output.show(map(_row, rows), _COLUMNS, as_json=False, none="There is no course yet.")


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
