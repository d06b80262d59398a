"""What is known of one lab, and how it grows. Pure: no clock, no socket, no globals.

Instants are seconds of a clock that never jumps. Labs tell instants of the day: those are read
once, when they are new, so that no jump of that clock makes a lab look idle.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple

import msgspec

from nbh_proto import Lab
from nbh_proto.buckets import LabState

Reason = Literal["idle", "age", "outdated", "empty", "unreachable"]
"""Why a lab is frozen (``idle`` alone) or stopped."""

Day = Annotated[datetime, msgspec.Meta(tz=True)]

_TRANSFER = 8 * 1024
"""Bytes in a second: more than an open notebook makes by itself. A file browser that shows
hundreds of files may make as much, and keeps its lab; better so than otherwise."""

Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class Instant(NamedTuple):
    """One instant on two clocks."""

    at: float
    """Seconds, of the clock that never jumps."""

    day: datetime
    """The same instant, as people and labs tell it."""

    def of(self, day: datetime) -> float:
        """An instant of the past that somebody tells; what lies in the future is now."""
        return self.at - max(0.0, (self.day - day).total_seconds())

    def day_of(self, at: float) -> datetime:
        """An instant of the clock that never jumps, as people tell it now."""
        return self.day + timedelta(seconds=at - self.at)


class Kernel(msgspec.Struct, frozen=True):
    """A kernel, as ``/api/kernels`` has it."""

    last_activity: Day
    execution_state: str = ""


class Terminal(msgspec.Struct, frozen=True):
    """A terminal, as ``/api/terminals`` has it."""

    last_activity: Day


class Status(msgspec.Struct, frozen=True):
    """Jupyter's ``/api/status``: never older than what its kernels and terminals say."""

    last_activity: Day
    kernels: Count = 0
    connections: Count = 0
    """To its kernels."""


class Detail(NamedTuple):
    """What takes more than one question to know."""

    kernels: tuple[Kernel, ...]
    terminals: tuple[Terminal, ...]
    writes: float | None
    """How many requests changed something since the lab started; None if it does not say."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the lab's Jupyter said, read as instants."""

    at: float
    """When it was last heard."""

    status: Status
    detail: Detail | None = None
    """As it was when the status was last another one, or later."""

    used: float
    """The last request of any kind: an open page alone makes some, without anybody there."""

    active: float
    """The last activity: code that ran, somebody typed, something was saved or uploaded."""

    connected: float | None = None
    """When a page was last seen to be connected to a kernel."""

    @property
    def busy(self) -> bool:
        """Whether a kernel computes."""
        kernels = self.detail.kernels if self.detail else ()
        return any(k.execution_state == "busy" for k in kernels)

    @property
    def terminals(self) -> int:
        """How many terminals are open."""
        return len(self.detail.terminals) if self.detail else 0

    @property
    def empty(self) -> bool:
        """Whether it holds nothing that would be lost."""
        return not (self.status.kernels or self.terminals or self.status.connections)


class Announced(msgspec.Struct, frozen=True):
    """A stop that was announced."""

    reason: Reason
    at: float
    """Not before."""

    last: bool = False
    """Whether it was announced for the second and last time."""


class Traffic(NamedTuple):
    """What had gone in and out of a lab at an instant."""

    bytes: int
    at: float


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One lab."""

    state: LabState
    generation: int
    since: float
    started: float
    outdated: bool = False
    """Whether it runs an image that is not its course's present one."""

    seen: Seen | None = None
    silent: float | None = None
    """Since when it does not answer; None if it does."""

    unreadable: bool = False
    """Whether it answers what is no answer of Jupyter's."""

    traffic: Traffic | None = None
    transfers: float | None = None
    """When more went in and out of it than an open page makes."""

    announced: Announced | None = None
    froze: float | None = None
    """When it was last asked to freeze, in its present state."""

    stopped: float | None = None
    """When it was last asked to stop."""

    @property
    def is_unheard(self) -> bool:
        """Whether it was never asked so far; one that stands still is not."""
        answered = self.seen is not None or self.unreadable
        return self.state == "ready" and self.silent is None and not answered

    @property
    def active(self) -> float:
        """Its last activity, as far as is known; coming into its state counts while it runs."""
        return max(self.seen.active if self.seen else self.since, self._floor)

    @property
    def used(self) -> float:
        """Its last use of any kind."""
        if self.seen is None:
            return self.since
        return max(self.seen.used, self.seen.connected or self.seen.used, self._floor)

    @property
    def _floor(self) -> float:
        # A click or a request thawed it, somebody claimed it from the pool, or it is new.
        come = self.since if self.state == "ready" else float("-inf")
        return come if self.transfers is None else max(come, self.transfers)


def told(known: Known | None, lab: Lab, now: Instant) -> Known:
    """What is known once the bucket says this of a lab."""
    if known is None or known.generation != lab.generation:
        since = now.of(lab.since)
        started = min(since, now.of(lab.started)) if lab.started else since
        return Known(state=lab.state, generation=lab.generation, since=since, started=started)
    if known.state == lab.state:
        return known
    return msgspec.structs.replace(
        known, state=lab.state, since=now.of(lab.since), silent=None, froze=None
    )


def measured(known: Known, outdated: bool, traffic: int | None, now: Instant) -> Known:
    """What is known once its node has measured a lab.

    Args:
        traffic: bytes, in and out, since it started.
    """
    before = known.traffic
    after = msgspec.structs.replace(known, outdated=outdated)
    if traffic is None:
        return after
    after = msgspec.structs.replace(after, traffic=Traffic(traffic, now.at))
    if before and (traffic - before.bytes) > _TRANSFER * (now.at - before.at):
        # a file comes or goes: Jupyter tells of it when it is over
        return msgspec.structs.replace(after, transfers=now.at)
    return after


def heard(known: Known, status: Status, detail: Detail | None, now: Instant) -> Known:
    """What is known once a lab has answered.

    Args:
        detail: None if it was not asked for: then it is as it was.
    """
    seen = known.seen
    fresh = Seen(
        at=now.at,
        status=status,
        detail=detail or (seen.detail if seen else None),
        used=_used(seen, status, now),
        active=0.0,
        connected=now.at if status.connections else (seen.connected if seen else None),
    )
    fresh = msgspec.structs.replace(fresh, active=_active(seen, fresh, detail, now))
    return msgspec.structs.replace(known, seen=fresh, silent=None, unreadable=False)


def not_heard(known: Known, now: Instant, *, unreadable: bool) -> Known:
    """What is known once a lab did not answer, or not as Jupyter does."""
    if unreadable:
        return msgspec.structs.replace(known, silent=None, unreadable=True)
    silent = now.at if known.silent is None else known.silent
    return msgspec.structs.replace(known, silent=silent)


def _used(seen: Seen | None, status: Status, now: Instant) -> float:
    if seen is None:
        return now.of(status.last_activity)
    if status.last_activity == seen.status.last_activity:
        return seen.used
    return max(now.of(status.last_activity), seen.at)


def _active(seen: Seen | None, fresh: Seen, detail: Detail | None, now: Instant) -> float:
    if seen is None or seen.detail is None:
        return fresh.used
    if detail is None:
        return seen.active
    if detail.writes is None or detail.writes != seen.detail.writes:
        # something was saved, uploaded or begun since, at the last request at the latest
        return max(seen.active, fresh.used)
    last = _last(detail)
    if last is None or last == _last(seen.detail):
        return seen.active
    return max(seen.active, now.of(last))


def _last(detail: Detail) -> datetime | None:
    theirs: Iterable[Kernel | Terminal] = (*detail.kernels, *detail.terminals)
    return max((t.last_activity for t in theirs), default=None)
