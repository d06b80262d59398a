"""Sizes and durations as people write and read them. Pure."""

import re
from datetime import datetime

_SIZES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_TIMES = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(min|[smhd])", re.IGNORECASE)


def size(text: str) -> int:
    """Bytes.

    >>> size("1.5G"), size("512M"), size("1024")
    (1610612736, 536870912, 1024)

    Raises:
        ValueError: it is no size.
    """
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no size; write 512M or 1.5G")
    return round(float(found[1]) * _SIZES[found[2].lower()])


def seconds(text: str) -> float:
    """Seconds.

    >>> seconds("90s"), seconds("45m"), seconds("1.5h"), seconds("2d")
    (90.0, 2700.0, 5400.0, 172800.0)

    Raises:
        ValueError: it is no duration.
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no duration; write 90s, 45m, 2h or 1d")
    return float(found[1]) * _TIMES[found[2].lower()]


def sized(bytes_: int) -> str:
    """Bytes, read.

    >>> sized(1610612736), sized(5368709120), sized(1000)
    ('1.5G', '5G', '1000')
    """
    for unit in ("t", "g", "m", "k"):
        if bytes_ >= _SIZES[unit]:
            return f"{bytes_ / _SIZES[unit]:.4g}{unit.upper()}"
    return str(bytes_)


def lasting(duration: float) -> str:
    """Seconds, read: one unit, rounded down.

    >>> lasting(5), lasting(90), lasting(7200), lasting(200_000)
    ('5 s', '1 min', '2 h', '2 d')
    """
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if duration >= length:
            return f"{duration // length:.0f} {unit}"
    return f"{max(duration, 0):.0f} s"


def counted(number: int, what: str) -> str:
    """A number of things, in words.

    >>> counted(1, "error"), counted(0, "error")
    ('1 error', '0 errors')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def ago(then: datetime | None, now: datetime) -> str:
    """How long ago something was; empty where it never was."""
    return lasting((now - then).total_seconds()) if then else ""
