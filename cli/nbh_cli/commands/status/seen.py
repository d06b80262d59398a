"""What an operator looks at, and what of it is wrong. Pure."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from nbh_cli import units
from nbh_proto import Drain

FULL = 0.8
"""Share of a stream's bytes after which it is told."""

BEHIND = 10_000
"""Messages that wait for one consumer: more than an hour of a busy day."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One of ours, as its own health addresses answer (R-20)."""

    name: str
    lives: bool
    missing: tuple[str, ...] = ()
    """What it waits for; it is ready when that is nothing."""

    why: str = ""
    """Why nobody answered for it."""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream of NATS holds. Bytes."""

    name: str
    messages: int
    bytes: int
    max_bytes: int
    drops_oldest: bool


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """Who hears a stream, and how far behind they are."""

    stream: str
    name: str
    waiting: int
    """Messages that were not given to it yet."""

    in_hand: int
    """Messages that it has and did not acknowledge."""


class Bus(msgspec.Struct, frozen=True, kw_only=True):
    """NATS; ``away`` says why nothing is known of it."""

    url: str
    away: str = ""
    streams: tuple[Stream, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    dead: int = 0
    """Messages that were given up and wait for an operator."""


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A file system that we write to. Bytes."""

    what: str
    folder: str
    free: int
    total: int
    wanted: int
    """With less than this free, nobody new is let in."""


class LabsOf(msgspec.Struct, frozen=True, kw_only=True):
    """How many labs of a course are in which state; "pooled" ones are nobody's yet."""

    course: str
    states: dict[str, int]


class CourseSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A course's last pull."""

    course: str
    commit: str
    pulled_at: datetime | None
    failure: str
    """Why the last one failed; empty if it did not."""

    problems: int
    """What is wrong in its files."""

    autopull: bool = False
    """Whether the timer pulls it."""


class Mishap(msgspec.Struct, frozen=True, kw_only=True):
    """Something failed, and was told."""

    at: datetime
    what: str
    course: str
    student: str
    why: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All of it at one moment."""

    at: datetime
    site: str
    services: tuple[Service, ...]
    bus: Bus
    disks: tuple[Disk, ...]
    labs: tuple[LabsOf, ...] = ()
    courses: tuple[CourseSeen, ...] = ()
    drains: tuple[Drain, ...] = ()
    """Nodes where nobody new gets a lab, by name."""

    mishaps: tuple[Mishap, ...] = ()
    """The last ones, newest last."""

    troubles: tuple[str, ...] = ()
    """What is wrong, in sentences that say what to do; empty when all is well."""


def judged(seen: Seen) -> Seen:
    """The same, with its troubles."""
    return msgspec.structs.replace(seen, troubles=tuple(_troubles(seen)))


def _troubles(seen: Seen) -> Iterator[str]:
    if seen.bus.away:
        yield f"NATS is away: {seen.bus.away}"
    for drain in seen.drains:
        if drain.back and drain.back < seen.at:
            late = units.ago(drain.back, seen.at)
            yield (
                f"{drain.node} should have been back {late} ago and gives labs to nobody new: "
                f"`nbh drain --off {drain.node}`"
            )
    yield from (said for service in seen.services if (said := _of_service(service)))
    yield from (said for disk in seen.disks if (said := _of_disk(disk)))
    yield from (said for stream in seen.bus.streams if (said := _of_stream(stream)))
    yield from (said for consumer in seen.bus.consumers if (said := _of_consumer(consumer)))
    if seen.bus.dead:
        letters = units.counted(seen.bus.dead, "message")
        yield f"{letters} could not be handled: `nbh dead list` says why"
    for course in seen.courses:
        if course.failure:
            yield f"course {course.course} could not be pulled: {course.failure}"


def _of_service(service: Service) -> str:
    if not service.lives:
        return f"{service.name} does not answer: {service.why}; its log says more"
    if service.missing:
        return f"{service.name} waits for {', '.join(service.missing)}"
    return ""


def _of_disk(disk: Disk) -> str:
    if disk.free >= disk.wanted:
        return ""
    free, wanted = units.sized(disk.free), units.sized(disk.wanted)
    return f"{disk.folder} has {free} left, and nobody new is let in below {wanted}: make room"


def _of_stream(stream: Stream) -> str:
    if stream.drops_oldest or stream.bytes < FULL * stream.max_bytes:
        return ""
    share = round(100 * stream.bytes / stream.max_bytes)
    return f"the stream {stream.name} is {share} % full: its consumers below do not keep up"


def _of_consumer(consumer: Consumer) -> str:
    if consumer.waiting < BEHIND:
        return ""
    return f"{consumer.name} is {consumer.waiting} messages behind in {consumer.stream}"
