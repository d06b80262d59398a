"""What every value of a bucket has."""

from datetime import timedelta
from typing import ClassVar

import msgspec

from nbh_proto import _version


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """What one key of a bucket holds, as JSON; a large one is packed (`nbh_proto.packing`)."""

    bucket: ClassVar[str]
    keep: ClassVar[timedelta | None] = None
    """For how long a value stays after it was written; None for ever."""

    newest: ClassVar[int] = 1
    """The newest version of its shape that this release knows; the default of ``v``."""

    v: int = 1

    def __post_init__(self) -> None:
        _version.check(type(self).__name__, self.v, self.newest)
