"""What every message has: an id, an instant, a version, a subject that follows from its type."""

import re
import secrets
from datetime import UTC, datetime
from typing import ClassVar

import msgspec

from nbh_proto import _version, names

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_IDS = ("course", "student", "node", "service", "account")
"""The fields that hold ids wherever they stand: they become subjects, keys and folders."""


def new_id() -> str:
    """A fresh 128-bit id, 32 hexadecimal digits."""
    return secrets.token_hex(16)


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One thing said on the bus, as JSON. Unknown fields are skipped, new fields have defaults."""

    subject: ClassVar[str]
    """Where it is said; ``{field}`` stands for the id in that field."""

    newest: ClassVar[int] = 1
    """The newest version of its shape that this release knows; the default of ``v``."""

    id: str = msgspec.field(default_factory=new_id)
    """Its own id, sent as ``Nats-Msg-Id``: what is published twice is stored once."""

    at: datetime = msgspec.field(default_factory=now)
    """When it became true."""

    v: int = 1
    """The version of its shape."""

    def __post_init__(self) -> None:
        # msgspec calls this on construction and on decoding: a bad id is refused on both sides.
        _version.check(type(self).__name__, self.v, self.newest)
        for field in _IDS:
            if (id_ := getattr(self, field, None)) is not None:
                names.checked_id(field, id_)

    @classmethod
    def placeholders(cls) -> tuple[str, ...]:
        """The fields that stand in the subject."""
        return tuple(_PLACEHOLDER.findall(cls.subject))

    @classmethod
    def pattern(cls, **ids: str) -> str:
        """The subject with ``*`` for each id that is not given: what a consumer filters by."""
        return _PLACEHOLDER.sub(
            lambda found: names.token(ids[found[1]]) if found[1] in ids else "*", cls.subject
        )

    @property
    def address(self) -> str:
        """The subject of this very message."""
        return _PLACEHOLDER.sub(
            lambda found: names.token(getattr(self, found[1])), type(self).subject
        )


class Event(Message, frozen=True, kw_only=True):
    """A fact, in the past tense. Stored in the stream EVENTS; anybody may hear it."""


class Command(Message, frozen=True, kw_only=True):
    """A wish, imperative, with one handler. Stored in the work queue COMMANDS."""

    answer_to: str = ""
    """The inbox that hears its `Answer`s; empty if nobody waits."""


class Question(Message, frozen=True, kw_only=True):
    """Asked of a service and answered at once, by request and reply. Not stored."""


class Answer(Message, frozen=True, kw_only=True, tag_field="type", tag=True):
    """What one asker hears about one access or command. Not stored: the asker is there or gone."""

    subject: ClassVar[str] = ""
    """The asker's inbox, which came with the question."""

    about: str
    """The access or the command's id that it answers."""
