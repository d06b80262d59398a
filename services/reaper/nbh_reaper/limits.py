"""What a course allows, and the site where a course says nothing. Pure."""

from nbh_kit import settings
from nbh_proto import Course
from nbh_reaper.policy import Limits

_FREEZE_OF_DRAINED = 60.0
"""Seconds: somebody who only loads their page again keeps their lab warm."""


def limits_of(course: Course | None, site: settings.Reaper, *, drained: bool = False) -> Limits:
    """The limits of a course's labs; of a course that is not known, the site's.

    Args:
        drained: whether their node gives labs to nobody new.
    """
    theirs = course.limits if course else None
    freeze = (theirs and theirs.freeze) or site.freeze_after
    return Limits(
        idle=(theirs and theirs.idle) or site.idle,
        freeze=min(freeze, _FREEZE_OF_DRAINED) if drained else freeze,
        age=(theirs and theirs.age) or site.max_age,
        grace=site.grace,
        drained=drained,
    )
