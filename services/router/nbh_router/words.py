"""What a page says in each language (S16, E-20): what happened, and what to do about it."""

from typing import Literal, NamedTuple

from nbh_proto.access import Reason

Kind = (
    Reason
    | Literal[
        "refused",
        "no-such-page",
        "beginning",
        "away",
        "drained",
        "drained-until",
        "too-slow",
        "no-room",
        "make-room",
        "make-room-on-disk",
        "lab-gone",
        "lab-ended",
        "lab-out-of-memory",
        "lab-over-quota",
        "lab-silent",
        "confirm-reset",
        "confirm-undo",
        "confirm-stop",
        "lab-stopped",
        "error",
    ]
)
"""Why a page is shown: the provisioner's reasons, and the router's own."""


class Sentences(NamedTuple):
    """One page's words; ``{course}``, ``{notebook}``, ``{amount}`` and ``{back}`` are filled
    in."""

    title: str
    what: str
    advice: str


class Progress(NamedTuple):
    """The words of the progress page."""

    title: str
    asked: str
    queued: str
    """While nobody is before this student."""

    one_before: str
    some_before: str
    """With ``{n}``, 2 or more."""

    copying: str
    starting: str
    booting: str
    ready: str
    away: str
    patience: str
    """Appears after a while."""


class Buttons(NamedTuple):
    """What several pages have in common."""

    again: str
    reset: str
    undo: str
    stop: str
    keep: str
    files: str
    """Leads to the student's files."""

    notebook: str
    rescue: str
    """Leads to a student's work when their lab does not serve it."""

    quote: str


class Amounts(NamedTuple):
    """How much a student's files take of what they may; with ``{taken}`` and ``{limit}``."""

    bytes: str
    files: str
    units: tuple[str, str, str, str, str]
    """Of bytes, each 1024 of those before it."""

    point: str
    """Before decimals."""
