"""When all that a bucket holds has come: decided from what came and what its stream says. Pure.

The server sends the last message of each key, in order, and of a key that is written meanwhile the
new one, after those that were there at the start. The client's own mark for "that was all" comes
too early then: of five keys that two writers were writing, every second reader missed some, or all
(measured with nats-server 2.15 and nats-py 2.16). So the stream is asked, and asked again when as
much has come as it said.
"""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Extent(NamedTuple):
    """How far a bucket's stream goes."""

    revision: int
    """The last that was written."""

    keys: int
    """How many there are, with those that have only the mark of a deletion."""


class Gathered(Generic[T]):
    """What has come of a bucket's content so far."""

    def __init__(self) -> None:
        self.all: dict[str, T] = {}
        self._keys: set[str] = set()
        self._revision = 0

    def put(self, key: str, revision: int, value: T | None) -> None:
        """Take what came; None is a key that is no more, or whose value nobody can read."""
        self._keys.add(key)
        self._revision = max(self._revision, revision)
        if value is None:
            self.all.pop(key, None)
        else:
            self.all[key] = value

    def reaches(self, extent: Extent) -> bool:
        """Whether nothing is missing of what the stream held when it said so.

        Each key has one message. Whoever has seen the last revision has seen all before it; and
        where writers are quicker than questions, whoever has seen as many keys has seen them all.
        """
        return self._revision >= extent.revision or len(self._keys) >= extent.keys
