"""`nbh course build`, `build-docs`, `cancel`, `images`, `rollback`."""

import asyncio
from typing import Annotated

import msgspec
from cyclopts import Parameter

from nbh_cli import operating, output
from nbh_cli.commands.course import asking, knowing
from nbh_cli.commands.course.knowing import Words
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile, CourseName
from nbh_cli.sorry import Sorry
from nbh_kit.buckets import Bucket
from nbh_kit.bus import BusAway
from nbh_proto import (
    BuildCourse,
    BuildLog,
    CancelBuild,
    Course,
    ImageVersion,
    RollBackCourse,
    ShowBuildLog,
    names,
)
from nbh_proto.build import What

_COLUMNS = ("version", "labs", "commit", "built", "size", "seconds", "software")

Force = Annotated[
    bool, Parameter(negative="", help="Also where nothing that feeds it has changed.")
]
ShowLog = Annotated[
    bool, Parameter(negative="", help="Build nothing: show what the last build wrote.")
]


def build(
    *words: Words,
    force: Force = False,
    no_cache: Annotated[
        bool, Parameter(negative="", help="With the newest base image that a registry has.")
    ] = False,
    log: ShowLog = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Build a course's image from its Dockerfile, try a lab of it, and give it to new labs.

    WORDS may mean several courses: names, patterns, parts of names. Their logs are kept.
    """
    if not words:
        raise Sorry("name a course", 2)
    if log:
        return _show_log(words[0], "image", config)
    given = operating.load(config)

    async def tell() -> int:
        async with operating.bus(given) as bus:
            wanted = await knowing.courses(bus, words)
            commands = [
                BuildCourse(course=course.course, force=force or no_cache, no_cache=no_cache)
                for course in wanted
            ]
            return await asking.carry_out_all(bus, commands)

    return asyncio.run(tell())


def build_docs(
    name: CourseName,
    /,
    *builds: Annotated[
        str, Parameter(help="Their ids in the course's `builds`; all if none is given.")
    ],
    force: Force = False,
    log: ShowLog = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Build a course's documentation: all of it, or the BUILDS of these ids."""
    if log:
        return _show_log(name, "docs", config)
    with asking.checked(name):
        command = BuildCourse(course=name, what="docs", builds=builds, force=force)
    return asking.carry_out(command, config)


def cancel(name: CourseName, /, *, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Stop what is being built for a course, or waits for its turn."""
    node = operating.load(config).provisioner.node
    with asking.checked(name):
        command = CancelBuild(node=node, course=name)
    return asking.carry_out(command, config, by="builder")


def rollback(
    name: CourseName,
    version: Annotated[str, Parameter(help="As `nbh course images` shows it.")] = "",
    /,
    *,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Have new labs start from an earlier image: VERSION, or the one before the current one."""
    with asking.checked(name):
        command = RollBackCourse(course=name, version=version)
    return asking.carry_out(command, config)


def images(
    name: CourseName, /, *, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG
) -> None:
    """The images that were built of a course and can be had, and which one new labs get."""
    course = asyncio.run(_course(name, config))
    if json:
        rows = [msgspec.structs.asdict(v) | {"labs": _labs(course, v)} for v in course.versions]
        output.show(rows, (), as_json=True, none="")
        return
    none = f"No image was built of {name}; its labs run in {course.image}."
    output.show([_row(course, v) for v in course.versions], _COLUMNS, as_json=False, none=none)
    if course.versions and course.image not in {v.image for v in course.versions}:
        print(f"{course.image} is set for {name}: its labs run in that.")


def _row(course: Course, version: ImageVersion) -> output.Row:
    return {
        "version": version.version,
        "labs": "new ones get it" if _labs(course, version) else "",
        "commit": version.commit[:10],
        "built": version.at,
        "size": f"{version.size / 1e6:.0f} MB",
        "seconds": round(version.seconds),
        "software": ", ".join(f"{name} {v}" for name, v in version.software.items()),
    }


def _labs(course: Course, version: ImageVersion) -> bool:
    return course.image == version.image


async def _course(name: str, file: ConfigFile) -> Course:
    with asking.checked(name):
        key = names.token(names.checked_id("course", name))
    async with operating.bus(operating.load(file)) as bus:
        try:
            held = await Bucket(bus, Course).get(key)
        except BusAway as e:
            raise Sorry(str(e)) from e
    if held is None:
        raise Sorry(f"there is no course {name}")
    return held.value


def _show_log(name: str, what: What, file: ConfigFile) -> int:
    config = operating.load(file)

    async def ask() -> BuildLog:
        with asking.checked(name):
            question = ShowBuildLog(node=config.provisioner.node, course=name, what=what)
        async with operating.bus(config) as bus:
            return await bus.ask(question, BuildLog)

    try:
        log = asyncio.run(ask())
    except BusAway as e:
        raise Sorry(f"the service builder does not answer: {e}") from e
    if log.at is None:
        raise Sorry(f"nothing of {name} was built on this node yet")
    print(log.text, end="")
    return 0
