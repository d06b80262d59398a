"""What the pages about accounts say, in each language."""

from typing import Literal, NamedTuple

Wrong = Literal[
    "refused",
    "throttled",
    "busy",
    "away",
    "too-much",
    "current",
    "different",
    "short",
    "long",
    "plain",
    "error",
]
"""What can be wrong; ``throttled`` has ``{minutes}`` in it, ``short`` ``{least}``."""


class Words(NamedTuple):
    """All of one language."""

    sign_in: str
    sign_in_what: str
    name: str
    password: str
    sign_in_button: str
    no_tls: str
    """Where a browser will not take the cookie."""

    arriving: str
    go_on: str
    signed_in_as: str
    """With ``{name}``."""

    staff: str
    teacher: str
    your_courses: str
    no_courses: str
    dashboard: str
    change_password: str
    change_what: str
    """With ``{least}``."""

    current: str
    new: str
    again: str
    change_button: str
    changed: str
    back: str
    sign_out: str
    one_minute: str
    """What ``throttled`` says of the last minute."""

    wrong: dict[Wrong, str]
