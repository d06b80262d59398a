"""What is to become of each lab, and why (L8 to L10). Pure: no clock, no socket, no globals.

Code that runs is activity, with or without an open page; so is an open terminal. What is stopped
while somebody might come back to it is announced first.
"""

from typing import Literal, NamedTuple

import msgspec

from nbh_reaper.known import Known, Reason, Seen

Action = Literal["keep", "freeze", "stop"]
Why = Literal[
    Reason,
    "busy",
    "terminal",
    "connected",
    "used",
    "frozen",
    "not-ready",
    "announced",
    "asked",
]
"""The same, or why a lab is kept."""

FIRST_WARNING = 600.0
LAST_WARNING = 60.0
_ANNOUNCED: tuple[Reason, ...] = ("idle", "age", "empty")
_LOOKS = 10
"""So often within the freeze time a lab is looked at that a page is connected to, since Jupyter
does not tell when it leaves."""

_ASK_AGAIN = 120.0
"""Seconds after which a lab that was asked to stop, and still runs, is asked again."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a course allows. Seconds."""

    idle: float
    freeze: float
    age: float
    grace: float
    drained: bool = False
    """Whether nobody gets a lab anew, so that none is taken from who has one (E-6)."""

    def ahead(self, reason: Reason) -> float:
        """How long before its instant a stop is announced."""
        limit = {"idle": self.idle, "age": self.age}.get(reason, self.freeze)
        return min(FIRST_WARNING, limit / 2)

    def last_ahead(self, reason: Reason) -> float:
        """The same, for the second time."""
        return min(LAST_WARNING, self.ahead(reason) / 2)


class Due(NamedTuple):
    """What becomes of a lab if nothing happens until then."""

    at: float
    action: Action
    reason: Reason


class Verdict(NamedTuple):
    """What is to be done with one lab now."""

    action: Action
    why: Why
    next: Due | None
    """What becomes of it otherwise, and when; None if that does not depend on time."""

    look: float | None
    """When this is to be asked again, if nothing is heard of the lab before."""


class Announce(NamedTuple):
    """Tell that a lab will be stopped."""

    due: Due
    last: bool


class Withdraw(NamedTuple):
    """Tell that it will not."""

    reason: Reason


def verdict(lab: Known, limits: Limits, now: float) -> Verdict:
    """What is to be done with a lab, from all that is known of it."""
    if lab.state not in ("ready", "frozen"):
        return Verdict("keep", "not-ready", None, None)
    dues = _dues(lab, limits)
    look = _next_look(lab, limits, now)
    passed = [due for due in sorted(dues) if due.at <= now]
    # A stop comes before a freeze that is due as well, once it may come at all.
    for due in (d for d in passed if d.action == "stop" and _may_stop(lab, d, now)):
        return Verdict("stop", due.reason, due, look)
    for due in (d for d in passed if d.action == "freeze"):
        return Verdict("freeze", due.reason, due, look)
    return Verdict("keep", "announced" if passed else _why(lab), min(dues, default=None), look)


def announcement(lab: Known, limits: Limits, now: float) -> Announce | Withdraw | None:
    """What is to be told of a lab's stop now; ask again once it is told."""
    due, told = _announced_stop(lab, limits), lab.announced
    if told is not None:
        if due is None or due.reason != told.reason or due.at > told.at:
            return Withdraw(told.reason)
        if not told.last and now >= told.at - limits.last_ahead(told.reason):
            return Announce(Due(told.at, "stop", told.reason), last=True)
        return None
    if due is None or lab.stopped is not None or now < due.at - limits.ahead(due.reason):
        return None
    # Nobody is stopped unwarned, even if it was due while we were away.
    return Announce(due._replace(at=max(due.at, now + limits.ahead(due.reason))), last=False)


def is_our_own_trouble(silent: int, ready: int) -> bool:
    """Whether so many labs are silent that it is not theirs: nobody is stopped for it then."""
    return silent > 3 and silent * 2 > ready


def _dues(lab: Known, limits: Limits) -> list[Due]:
    """All that lies ahead of a lab; the earliest happens."""
    if limits.drained:
        return [_put_off(lab, due) for due in _while_drained(lab, limits)]
    found = [Due(lab.started + limits.age, "stop", "age")]
    if lab.state == "frozen":
        found.append(Due(lab.active + limits.idle, "stop", "idle"))
        if lab.outdated:
            found.append(Due(lab.since, "stop", "outdated"))
    elif lab.state == "ready":
        found += _while_it_runs(lab, limits)
    return [_put_off(lab, due) for due in found]


def _while_drained(lab: Known, limits: Limits) -> list[Due]:
    """A lab that nobody uses stands still, whatever else would become of it; one that does not
    answer serves nobody."""
    if lab.state != "ready":
        return []
    if lab.silent is not None:
        return _while_it_runs(lab, limits)
    seen = lab.seen
    if seen is None or lab.unreadable or seen.busy or seen.terminals:
        return []
    return [_freeze(lab, limits)]


def _while_it_runs(lab: Known, limits: Limits) -> list[Due]:
    idle = Due(lab.active + limits.idle, "stop", "idle")
    seen = lab.seen
    if lab.silent is not None:
        # What computed when it was last heard may still do so.
        at_work = seen is not None and (seen.busy or seen.terminals)
        patience = limits.idle if at_work else limits.grace
        return [Due(lab.silent + patience, "stop", "unreachable")]
    if seen is None or lab.unreadable:
        return [idle]
    if seen.busy or seen.terminals:
        return []
    unused = lab.used + limits.freeze
    if lab.outdated:
        return [idle, Due(unused, "stop", "outdated")]
    if seen.empty:
        return [idle, Due(unused + max(limits.ahead("empty"), limits.grace), "stop", "empty")]
    return [idle, _freeze(lab, limits)]


def _freeze(lab: Known, limits: Limits) -> Due:
    unused = lab.used + limits.freeze
    if lab.froze is not None:  # and is not frozen: somebody was connected all the same
        unused = max(unused, lab.froze + limits.freeze)
    return Due(unused, "freeze", "idle")


def _put_off(lab: Known, due: Due) -> Due:
    if due.action != "stop" or lab.stopped is None:
        return due
    return due._replace(at=max(due.at, lab.stopped + _ASK_AGAIN))


def _may_stop(lab: Known, due: Due, now: float) -> bool:
    if due.reason not in _ANNOUNCED:
        return True
    return (
        lab.announced is not None
        and lab.announced.reason == due.reason
        and lab.announced.at <= now
    )


def _announced_stop(lab: Known, limits: Limits) -> Due | None:
    stops = (d for d in _dues(lab, limits) if d.action == "stop" and d.reason in _ANNOUNCED)
    return min(stops, default=None)


def _next_look(lab: Known, limits: Limits, now: float) -> float | None:
    """When something could become due, or could have become known; None if nothing could."""
    looks = [due.at for due in _dues(lab, limits)] + _tellings(lab, limits)
    if lab.state == "ready":
        looks.append(now + _until_news(lab, limits))
    if not looks:
        return None
    return min(at for at in looks if at > now) if any(at > now for at in looks) else now


def _until_news(lab: Known, limits: Limits) -> float:
    if lab.silent is not None:
        return limits.grace
    if lab.seen is not None and not lab.seen.status.connections:
        return limits.freeze
    return limits.freeze / _LOOKS


def _tellings(lab: Known, limits: Limits) -> list[float]:
    if (told := lab.announced) is not None:
        return [told.at] if told.last else [told.at, told.at - limits.last_ahead(told.reason)]
    due = _announced_stop(lab, limits)
    return [due.at - limits.ahead(due.reason)] if due else []


def _why(lab: Known) -> Why:
    if lab.state == "frozen":
        return "frozen"
    if lab.silent is not None:
        return "unreachable"
    if lab.stopped is not None:
        return "asked"
    return _why_it_runs(lab.seen) if lab.seen is not None else "used"


def _why_it_runs(seen: Seen) -> Why:
    if seen.busy:
        return "busy"
    if seen.terminals:
        return "terminal"
    if seen.status.connections:
        return "connected"
    return "empty" if seen.empty else "used"
