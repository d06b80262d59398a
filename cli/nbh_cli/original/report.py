"""What came of an import, for its operator."""

from collections.abc import Sequence
from typing import NamedTuple

from nbh_cli.original.plan import NotTaken


class Taken(NamedTuple):
    """Something that is here now."""

    what: str
    how: str


class Report:
    """What came of an import."""

    def __init__(self, not_taken: Sequence[NotTaken] = ()) -> None:
        self.taken: list[Taken] = []
        self.not_taken = list(not_taken)

    def take(self, what: str, how: str) -> None:
        """Something is here."""
        self.taken.append(Taken(what, how))

    def leave(self, what: str, why: str, advice: str) -> None:
        """Something is not."""
        self.not_taken.append(NotTaken(what, why, advice))
