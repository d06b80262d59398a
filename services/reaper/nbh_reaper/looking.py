"""One look at one lab: no more questions than it takes to know what is to become of it."""

from collections.abc import Callable

import structlog

from nbh_proto import Lab
from nbh_reaper import known, policy
from nbh_reaper.asking import BadAnswer, NoAnswer
from nbh_reaper.jupyter import Jupyter
from nbh_reaper.known import Detail, Instant, Known, Status
from nbh_reaper.policy import Limits

_TRIES = 3

logger = structlog.get_logger(__name__)


async def look(
    jupyter: Jupyter, lab: Lab, before: Known, limits: Limits, now: Callable[[], Instant]
) -> Known:
    """What is known of a lab once it was asked."""
    try:
        status = await jupyter.status(lab)
        if not _is_news(before, status):
            before = known.heard(before, status, None, now())
            if policy.verdict(before, limits, now().at).action == "keep":
                return before
        status, detail = await _in_detail(jupyter, lab, status)
        return known.heard(before, status, detail, now())
    except NoAnswer as e:
        logger.info("a lab does not answer", course=lab.course, student=lab.student, why=str(e))
        return known.not_heard(before, now(), unreadable=False)
    except BadAnswer as e:
        logger.info("a lab answers badly", course=lab.course, student=lab.student, why=str(e))
        return known.not_heard(before, now(), unreadable=True)


async def _in_detail(jupyter: Jupyter, lab: Lab, status: Status) -> tuple[Status, Detail]:
    """What takes more than one question, and a status that is not older than it: what is saved
    between the questions would be counted, but as old as the last activity before it."""
    for _ in range(_TRIES):
        detail, before = await jupyter.detail(lab), status
        status = await jupyter.status(lab)
        if status == before:
            break
    return status, detail


def _is_news(before: Known, status: Status) -> bool:
    """Whether more has to be asked: where the status has not changed nothing has, but that a
    terminal may have been left."""
    seen = before.seen
    return seen is None or seen.detail is None or seen.status != status or seen.terminals > 0
