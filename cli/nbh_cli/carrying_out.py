"""Gives a command to its handler and hears how it goes, line by line, until it is done."""

import asyncio
import sys
from collections.abc import Callable
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


async def outcome(
    bus: Bus, command: Command, hear: Callable[[CommandAnswer], None]
) -> CommandDone | CommandFailed:
    """Tell a command; ``hear`` gets each of its answers, the last one is returned.

    Raises:
        TimeoutError: nobody said anything for longer than a command may wait.
    """
    heard: asyncio.Queue[CommandAnswer] = asyncio.Queue()
    async with bus.inbox(CommandAnswer, heard.put_nowait) as inbox:
        await bus.tell(msgspec.structs.replace(command, answer_to=inbox))
        while True:
            answer = await asyncio.wait_for(heard.get(), _SILENCE.total_seconds())
            hear(answer)
            if not isinstance(answer, CommandProgress):
                return answer


async def carry_out(bus: Bus, command: Command, *, by: str) -> int:
    """Do so and print how it goes; the exit status: 0 done, 1 failed.

    ``by`` is the service that handles it, named when nobody answers.
    """
    hint = asyncio.get_running_loop().call_later(_HINT_AFTER, _hint, by)
    # The sign moves on a terminal only; lines go to stdout as they come.
    with Console(stderr=True).status("asking") as status:

        def hear(answer: CommandAnswer) -> None:
            hint.cancel()
            if isinstance(answer, CommandProgress):
                print(answer.line, flush=True)
                status.update(Text(answer.line))

        try:
            return _said(await outcome(bus, command, hear))
        except TimeoutError:
            return _failed(f"nobody carried it out; does the service {by} run?")
        finally:
            hint.cancel()


def _said(last: CommandDone | CommandFailed) -> int:
    if isinstance(last, CommandFailed):
        return _failed(why(last))
    print(last.line or "Done.")
    return 0


def why(failed: CommandFailed) -> str:
    """A failure as a person reads it."""
    return f"{failed.reason}: {failed.detail}" if failed.detail else failed.reason


def _hint(by: str) -> None:
    print(f"Waiting for the service {by} …", file=sys.stderr)


def _failed(sentence: str) -> int:
    print(f"nbh: {sentence}", file=sys.stderr)
    return 1
