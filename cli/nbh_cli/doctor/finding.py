"""What a check says."""

from typing import Literal

import msgspec

Level = Literal["error", "warning", "note", "ok"]
"""It does not work, or will not; it works, and something may go wrong; something to know; fine."""

LEVELS: tuple[Level, ...] = ("error", "warning", "note", "ok")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    check: str
    level: Level
    says: str
    """What was found, in a sentence."""

    advice: str = ""
    """What to do about it; empty only where nothing is to be done."""


def ok(check: str, says: str) -> Finding:
    """It is as it should be."""
    return Finding(check=check, level="ok", says=says)


def note(check: str, says: str, advice: str = "") -> Finding:
    """Something to know."""
    return Finding(check=check, level="note", says=says, advice=advice)


def warning(check: str, says: str, advice: str) -> Finding:
    """It works, and something may go wrong."""
    return Finding(check=check, level="warning", says=says, advice=advice)


def error(check: str, says: str, advice: str) -> Finding:
    """It does not work, or will not."""
    return Finding(check=check, level="error", says=says, advice=advice)
