"""`nbh course list`."""

import asyncio
from datetime import datetime

import msgspec

from nbh_cli import operating, output, units
from nbh_cli.commands.course import knowing
from nbh_cli.commands.course.knowing import Known, Words
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_proto import Course, now

_COLUMNS = (
    "course",
    "commit",
    "age",
    "notebooks",
    "image",
    "built",
    "pulled",
    "labs",
    "students",
    "giturl",
    "trouble",
)
_DROPPED = ("giturl", "built", "image", "notebooks", "pulled", "commit")
"""What a narrow terminal goes without, first to last."""


def list_(
    *words: Words,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Courses, how old they are, who works in them, and what is wrong with them.

    All of them, or those that WORDS mean: names, patterns with * or ?, parts of names.
    """
    known = asyncio.run(_known(words, config))
    if json:
        output.show(map(_whole, known), (), as_json=True, none="")
        return
    instant = now()
    rows = [_row(each, instant) for each in known]
    output.show_fitting(rows, _COLUMNS, _DROPPED, none="There is no course yet.")


async def _known(words: tuple[str, ...], file: ConfigFile) -> list[Known]:
    config = operating.load(file)
    async with operating.bus(config) as bus:
        return await knowing.all_about(bus, config, words)


def _whole(known: Known) -> output.Row:
    return {
        **msgspec.structs.asdict(known.course),
        "labs": len(known.labs),
        "students": known.students,
        "image_made": known.image_made,
        "image_is_missing": known.image_is_missing,
    }


def _row(known: Known, instant: datetime) -> output.Row:
    course = known.course
    return {
        "course": course.course + (" (archived)" if course.archived else ""),
        "commit": course.commit[:10],
        "age": units.ago(course.published_at, instant),
        "notebooks": course.notebooks,
        "image": course.image.removeprefix("localhost/").removesuffix(":latest"),
        "built": "missing" if known.image_is_missing else units.ago(known.image_made, instant),
        "pulled": _pulled(course, instant),
        "labs": len(known.labs) or "",
        "students": "?" if known.students is None else known.students or "",
        "trouble": _trouble(known),
        "giturl": course.giturl,
    }


def _pulled(course: Course, instant: datetime) -> str:
    how = "" if course.autopull or course.archived else " by hand"
    return units.ago(course.pulled_at, instant) + how


def _trouble(known: Known) -> str:
    """What an operator or a teacher should look at, the worst first. Pure."""
    course = known.course
    if course.failure:
        return f"{course.failure}: {course.failure_detail}".removesuffix(": ")
    if known.image_is_missing:
        return f"there is no image {course.image}"
    for what, last in (("image", course.image_build), ("documentation", course.docs_build)):
        if last and last.why:
            return f"its {what} could not be built: {last.why}"
    return units.counted(len(course.problems), "problem") if course.problems else ""
