"""Which courses have labs that are nobody's yet. Pure: no clock, no socket, no globals."""

from nbh_kit.buckets import Gone, Put, Snapshot
from nbh_proto import pool_course
from nbh_router.table import Change

Keys = frozenset[str]
"""The keys of such labs."""


def after(keys: Keys, change: Change) -> Keys:
    """The keys after a change of the LABS bucket."""
    match change:
        case Snapshot(all=everything):
            return Keys(key for key in everything if pool_course(key) is not None)
        case Put(key):
            return keys | {key} if pool_course(key) is not None else keys
        case Gone(key):
            return keys - {key}


def has(keys: Keys, course: str) -> bool:
    """Whether a course has one."""
    return any(pool_course(key) == course for key in keys)
