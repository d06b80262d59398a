"""What a course allows, and the site where a course says nothing. Pure."""

from nbh_kit import settings
from nbh_proto import Course
from nbh_reaper.policy import Limits


def limits_of(course: Course | None, site: settings.Reaper) -> Limits:
    """The limits of a course's labs; of a course that is not known, the site's."""
    theirs = course.limits if course else None
    return Limits(
        idle=(theirs and theirs.idle) or site.idle,
        freeze=(theirs and theirs.freeze) or site.freeze_after,
        age=(theirs and theirs.age) or site.max_age,
        grace=site.grace,
    )
