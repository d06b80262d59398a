"""The streams that keep what is said: names, subjects and limits; no code."""

from datetime import timedelta
from typing import Literal

import msgspec


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What a service makes sure of before it speaks. Sizes in bytes."""

    name: str
    subjects: tuple[str, ...]
    keep: timedelta | None
    max_bytes: int
    when_full: Literal["oldest-goes", "newest-refused"]
    work_queue: bool = False


EVENTS = Stream(
    name="EVENTS",
    subjects=("nbh.event.>",),
    keep=timedelta(days=30),
    max_bytes=4 * 1024**3,
    when_full="oldest-goes",
)

# Not by age: a command that was not taken in time is told as failed by its handler, not dropped.
COMMANDS = Stream(
    name="COMMANDS",
    subjects=("nbh.command.>",),
    keep=None,
    max_bytes=64 * 1024**2,
    when_full="newest-refused",
    work_queue=True,
)

DEAD = Stream(
    name="DEAD",
    subjects=("nbh.dead.>",),
    keep=timedelta(days=30),
    max_bytes=256 * 1024**2,
    when_full="oldest-goes",
)

ALL = (EVENTS, COMMANDS, DEAD)

PATIENCE = timedelta(minutes=10)
"""An access or a command that nobody could take for so long fails: who asked has left (R-12)."""
