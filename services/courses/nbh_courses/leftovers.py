"""Which revisions of a course go: those that nobody can be looking at. Pure."""

from collections.abc import Collection
from datetime import datetime, timedelta

from nbh_courses.record import Record

NOT_SAID = ""
"""The revision of a lab of which nobody knows which it mounts."""


def removable(
    there: Collection[str],
    record: Record,
    used: Collection[str],
    *,
    known_since: datetime | None,
    now: datetime,
    grace: timedelta,
) -> list[str]:
    """The commits whose revisions go.

    Args:
        there: the commits of all revisions on the disk.
        used: the commits that labs mount.
        known_since: since when all labs are known, without a gap; None if they are not.
        grace: how long that must be, and for how long the course must have been as it is: an
            access that began before may still start a lab on an older revision.
    """
    if known_since is None or now - known_since < grace or NOT_SAID in used:
        return []
    if record.intention or record.published_at is None or now - record.published_at < grace:
        return []
    kept = {record.commit, record.previous, *used}
    return sorted(commit for commit in there if commit not in kept)
