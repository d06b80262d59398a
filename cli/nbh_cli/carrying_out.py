"""Gives a command to its handler and shows how it goes, line by line, until it is done."""

import asyncio
import sys
from datetime import timedelta

import msgspec
from rich.console import Console
from rich.text import Text

from nbh_kit.bus import Bus
from nbh_proto import Command, CommandDone, CommandFailed, CommandProgress
from nbh_proto.course import CommandAnswer
from nbh_proto.streams import PATIENCE

_HINT_AFTER = 5.0
_SILENCE = PATIENCE + timedelta(minutes=1)
"""A handler tells what it did not take in time; longer than that, and nobody is there at all."""


async def carry_out(bus: Bus, command: Command, *, by: str) -> int:
    """Tell a command and print its progress; the exit status: 0 done, 1 failed.

    ``by`` is the service that handles it, named when nobody answers.
    """
    heard: asyncio.Queue[CommandAnswer] = asyncio.Queue()
    async with bus.inbox(CommandAnswer, heard.put_nowait) as inbox:
        await bus.tell(msgspec.structs.replace(command, answer_to=inbox))
        hint = asyncio.get_running_loop().call_later(_HINT_AFTER, _hint, by)
        try:
            return await _follow(heard, hint)
        except TimeoutError:
            return _failed(f"nobody carried it out; does the service {by} run?")
        finally:
            hint.cancel()


async def _follow(heard: "asyncio.Queue[CommandAnswer]", hint: asyncio.TimerHandle) -> int:
    # The sign moves on a terminal only; lines go to stdout as they come.
    with Console(stderr=True).status("asking") as status:
        while True:
            answer = await asyncio.wait_for(heard.get(), _SILENCE.total_seconds())
            hint.cancel()
            match answer:
                case CommandProgress(line=line):
                    print(line, flush=True)
                    status.update(Text(line))
                case CommandDone(line=line):
                    print(line or "Done.")
                    return 0
                case CommandFailed(reason=reason, detail=detail):
                    return _failed(f"{reason}: {detail}" if detail else reason)


def _hint(by: str) -> None:
    print(f"Waiting for the service {by} …", file=sys.stderr)


def _failed(why: str) -> int:
    print(f"nbh: {why}", file=sys.stderr)
    return 1
