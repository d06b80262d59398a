"""Each course's secret for its webhook, in a file that nobody but this service may read."""

import secrets
from typing import Any

import msgspec
import structlog

from nbh_courses.failure import CourseError, of_disk
from nbh_courses.shelf import Place, Shelf
from nbh_kit import durable
from nbh_proto import names

_BYTES = 32

logger: Any = structlog.get_logger(__name__)


class _Kept(msgspec.Struct, frozen=True):
    secret: str
    made_by: str
    """The command's id: delivered again, it is shown what it has made."""


class HookSecrets:
    """The secrets of all courses."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._decoy = secrets.token_hex(_BYTES)

    def make(self, course: str, *, asked_by: str, anew: bool) -> str:
        """A course's secret if it was made for this very command; empty if it was shown before.

        Raises:
            CourseError: there is no such course, or no space.
        """
        place = self._shelf.place(course)
        if place.record is None:
            raise CourseError("unknown", "create it first")
        kept = _kept(place)
        if kept and (kept.made_by == asked_by or not anew):
            return kept.secret if kept.made_by == asked_by else ""
        made = _Kept(secrets.token_hex(_BYTES), asked_by)
        with of_disk():
            durable.replace_file(place.hook, msgspec.json.encode(made), mode=0o600)
        return made.secret

    def of(self, course: str) -> str:
        """A course's secret; where there is none, one that nobody can know."""
        try:
            kept = _kept(self._shelf.place(course))
        except names.BadName:
            kept = None
        return kept.secret if kept else self._decoy


def _kept(place: Place) -> _Kept | None:
    try:
        return msgspec.json.decode(place.hook.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, OSError):
        logger.exception("a webhook's secret cannot be read", folder=str(place.folder))
        return None
