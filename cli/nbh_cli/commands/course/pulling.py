"""`nbh course pull`."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import operating
from nbh_cli.commands.course import asking, knowing
from nbh_cli.commands.course.knowing import Words
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_proto import PullCourse


def pull(
    *words: Words,
    all_: Annotated[
        bool, Parameter(name="--all", negative="", help="Every course that is not archived.")
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Fetch courses now and publish what is new. WORDS: names, patterns, parts of names."""
    if not words and not all_:
        raise Sorry("name a course, or say --all", 2)
    return asyncio.run(_pull(words, operating.load(config)))


async def _pull(words: tuple[str, ...], config: Config) -> int:
    async with operating.bus(config) as bus:
        return await _pull_meant(bus, words)


async def _pull_meant(bus: Bus, words: tuple[str, ...]) -> int:
    wanted = await knowing.courses(bus, words)
    names = [course.course for course in wanted if words or not course.archived]
    return await asking.carry_out_all(bus, [PullCourse(course=name) for name in names])
