"""What every reply to a question has."""

from typing import ClassVar

import msgspec

from nbh_proto import _version


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What who asks a `Question` hears, as JSON; as with messages, unknown fields are skipped."""

    newest: ClassVar[int] = 1
    """The newest version of its shape that this release knows; the default of ``v``."""

    v: int = 1

    def __post_init__(self) -> None:
        _version.check(type(self).__name__, self.v, self.newest)
