"""What the commands about courses share: names that are checked, commands that are carried out."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbh_cli import operating
from nbh_cli.sorry import Sorry
from nbh_proto import Command
from nbh_proto.names import BadName


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


def carry_out(command: Command, file: Path) -> int:
    """Have the service courses carry it out; the exit status."""
    from nbh_cli import carrying_out  # brings rich along, which `course list` does without

    config = operating.load(file)

    async def tell() -> int:
        async with operating.bus(config) as bus:
            return await carrying_out.carry_out(bus, command, by="courses")

    return asyncio.run(tell())
