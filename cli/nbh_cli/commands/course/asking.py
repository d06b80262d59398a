"""What the commands about courses share: names that are checked, commands that are carried out."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from nbh_cli import operating
from nbh_cli.sorry import Sorry
from nbh_kit.bus import Bus
from nbh_proto import BuildCourse, CommandDone, PullCourse, SetCourse
from nbh_proto import Command as AnyCommand
from nbh_proto.names import BadName

_AT_ONCE = 16

C = TypeVar("C", BuildCourse, PullCourse, SetCourse)


@contextmanager
def checked(name: str) -> Iterator[None]:
    """Say a bad name in a sentence.

    Raises:
        Sorry: it is the name of no course.
    """
    try:
        yield
    except BadName as e:
        raise Sorry(f"{name!r} is {e}", 2) from e


def carry_out(command: AnyCommand, file: Path, *, by: str = "courses") -> int:
    """Have a service carry it out; the exit status."""
    from nbh_cli import carrying_out  # brings rich along, which `course list` does without

    config = operating.load(file)

    async def tell() -> int:
        async with operating.bus(config) as bus:
            return await carrying_out.carry_out(bus, command, by=by)

    return asyncio.run(tell())


async def carry_out_all(bus: Bus, commands: Sequence[C]) -> int:
    """The same for many courses: one with its progress, several with a line of outcome each.

    The exit status: 1 if one of them failed.
    """
    from nbh_cli import carrying_out  # brings rich along

    if len(commands) == 1:
        return await carrying_out.carry_out(bus, commands[0], by="courses")
    places = asyncio.Semaphore(_AT_ONCE)
    width = max((len(command.course) for command in commands), default=0)

    async def one(command: C) -> bool:
        async with places:
            last = await carrying_out.outcome(bus, command, lambda _: None)
        done = isinstance(last, CommandDone)
        said = last.line if isinstance(last, CommandDone) else f"FAILED {carrying_out.why(last)}"
        print(f"{command.course:<{width}}  {said}", flush=True)
        return done

    return 0 if all(await asyncio.gather(*map(one, commands))) else 1
