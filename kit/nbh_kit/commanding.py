"""Gives a command to its handler and waits for the last word on it."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec

from nbh_kit.bus import Bus, BusAway
from nbh_proto import Answer, Command

_TELL_WITHIN = timedelta(seconds=2)


async def carried_out(bus: Bus | None, command: Command, answers: Any, *, within: float) -> Answer:
    """The first answer of the union ``answers`` to a command.

    Raises:
        BusAway: it is not known to be stored.
        TimeoutError: nobody answered within so many seconds.
    """
    if bus is None:
        raise BusAway("NATS was never there")
    heard: asyncio.Queue[Answer] = asyncio.Queue()
    async with bus.inbox(answers, heard.put_nowait) as inbox:
        await bus.tell(msgspec.structs.replace(command, answer_to=inbox), within=_TELL_WITHIN)
        return await asyncio.wait_for(heard.get(), within)
