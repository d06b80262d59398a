"""What every value of a bucket has."""

from datetime import timedelta
from typing import ClassVar

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """What one key of a bucket holds, as JSON; a large one is packed (`nbh_proto.packing`)."""

    bucket: ClassVar[str]
    keep: ClassVar[timedelta | None] = None
    """For how long a value stays after it was written; None for ever."""

    v: int = 1
