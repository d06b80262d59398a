"""The system while it runs: services and what they wait for, streams, consumers, courses."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from nbh_cli import units
from nbh_cli.commands.status.seen import BEHIND, FULL, Bus, CourseSeen, Seen, Service, Stream
from nbh_cli.doctor.finding import Finding, error, ok, warning
from nbh_cli.up import apart
from nbh_kit import asking
from nbh_kit.config import Config

_OF_NEEDS = {
    "nats": "see the findings about NATS; every service comes back by itself",
    "courses": "the bucket of courses is not known yet: look at NATS and at the courses service",
    "labs": "labs of the last process are not taken over yet: look at podman and at NATS",
    "traefik": "Traefik does not confirm its routes: see that it runs, that traefik.internal is "
    "free, and that it can read <data>/traefik (its user is first_uid + 1)",
    "podman": "see the finding about podman; labs that run go on",
    "clickhouse": "events wait in NATS meanwhile: look at <data>/clickhouse, its disk and its "
    "owner, or at the server in stats.clickhouse",
}
_OF_FAILURES = {
    "authentication": "give the site a key (docs/courses.md) or make the repository public",
    "unreachable": "try `git ls-remote URL` on this machine; a host that moved wants "
    "`nbh course set COURSE --giturl URL`",
    "no-branch": "`nbh course set COURSE --branch NAME`",
    "url-refused": "it leads into a private network: name its host in courses.private_hosts",
    "too-big": "raise courses.max_bytes, or take large files out of the repository's history",
    "slow": "raise courses.fetch_within, or see why git is slow to that host",
    "disk-full": "make room; the last good revision is served meanwhile",
}
_SKEW = timedelta(seconds=5)
_ROUNDS = 3
"""So many times the timer may miss a course before it is told."""


def services(seen: tuple[Service, ...], *, runs: bool) -> Iterator[Finding]:
    """Whether each lives and has what it needs."""
    if not runs and not any(service.lives for service in seen):
        yield error("services", "the system does not run", "`nbh up`, or its systemd unit")
        return
    for service in seen:
        if not service.lives:
            yield error(
                "services",
                f"{service.name} does not answer: {service.why}",
                "the supervisor starts again who has ended: its last lines in the log say why",
            )
        for need in service.missing:
            yield error("services", f"{service.name} waits for {need}", _OF_NEEDS[need])
    if all(service.lives and not service.missing for service in seen):
        yield ok("services", "all live and are ready")


def drains(seen: Seen) -> Iterator[Finding]:
    """Where nobody new gets a lab."""
    for drain in seen.drains:
        ago = units.ago(drain.since, seen.at)
        over = drain.back is not None and drain.back < seen.at
        yield (error if over else warning)(
            "drain",
            f"{drain.node} gives labs to nobody new since {ago}"
            + (", and should have been back by now" if over else ""),
            f"when what it is for is done: `nbh drain --off {drain.node}`",
        )
    if not seen.drains and not seen.bus.away:
        yield ok("drain", "labs are given to everybody")


def bus(seen: Bus) -> Iterator[Finding]:
    """Whether NATS is there, and everybody keeps up."""
    if seen.away:
        yield error("nats", f"NATS is away: {seen.away}", "`nbh up` runs it; else see nats.url")
        return
    yield from filter(None, map(_stream, seen.streams))
    for consumer in seen.consumers:
        if consumer.waiting >= BEHIND:
            yield warning(
                "nats",
                f"{consumer.name} is {consumer.waiting} messages behind in {consumer.stream}",
                "nothing is lost; look at that service's log and at the machine's load",
            )
    if seen.dead:
        yield warning(
            "nats",
            f"{units.counted(seen.dead, 'message')} could not be handled",
            "`nbh dead list` says which and why, `nbh dead replay` has them handled again",
        )
    yield ok("nats", f"{len(seen.streams)} streams, {len(seen.consumers)} consumers")


def _stream(stream: Stream) -> Finding | None:
    if stream.drops_oldest or stream.bytes < FULL * stream.max_bytes:
        return None
    share = stream.bytes / stream.max_bytes
    return error(
        "nats",
        f"the stream {stream.name} is {share:.0%} full, and refuses what is new when it is full",
        "who takes messages out of it does not: see its consumers; of DEAD, `nbh dead list`",
    )


async def synced(config: Config) -> Finding:
    """Whether NATS keeps what it acknowledges (R-4)."""
    if not config.nats.embedded:
        return _as_prepared(config.site.data / apart.OF_NATS)
    try:
        found = await _is_synced(config.site.run / "nats")
    except (OSError, ValueError, LookupError, msgspec.MsgspecError):
        return warning("nats-sync", "NATS' monitor does not answer", "see whether NATS runs")
    return sync(found)


def _as_prepared(file: Path) -> Finding:
    """Where others run it: as `nbh prepare` told it, or nobody knows."""
    try:
        told = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError):
        return warning(
            "nats-sync",
            "NATS is not ours: whether it syncs each write cannot be seen from here",
            "have `jetstream { sync_interval: always }` in its configuration",
        )
    return sync(told["jetstream"]["sync_interval"] == "always")


def sync(found: object) -> Finding:
    """As NATS says it."""
    if found is not True:
        return error(
            "nats-sync",
            f"NATS does not sync what it stores (sync_always is {found}); a power cut loses it",
            "start it by `nbh up`, which writes its configuration",
        )
    return ok("nats-sync", "NATS syncs each write")


async def _is_synced(folder: Path) -> object:
    files = sorted(folder.glob("nats-server_*.ports"), key=lambda f: f.stat().st_mtime)
    ports = msgspec.json.decode(files[-1].read_bytes(), type=dict[str, Any])
    url = urlsplit(ports["monitoring"][0])
    _, body = await asking.get(url.hostname or "", url.port or 0, "/jsz?config=1")
    return msgspec.json.decode(body, type=dict[str, Any]).get("config", {}).get("sync_always")


def streams_there(missing: list[str]) -> Finding:
    """Whether all streams and buckets are there, as the protocol has them."""
    if missing:
        return error(
            "streams",
            f"NATS lacks {', '.join(missing)}, or has them otherwise than they should be",
            "restart the courses service: each service makes them when it connects. What NATS "
            "lost is made again from what runs and what is on disk",
        )
    return ok("streams", "all streams and buckets are as they should be")


def courses(seen: tuple[CourseSeen, ...], at: datetime, pull_every: float) -> Iterator[Finding]:
    """Whether courses can be fetched."""
    failing = [course for course in seen if course.failure]
    for course in failing:
        reason = course.failure.partition(":")[0]
        advice = _OF_FAILURES.get(reason, "`nbh course show COURSE` says more")
        yield error(
            "courses",
            f"{course.course} could not be pulled: {course.failure}",
            advice.replace("COURSE", course.course),
        )
    late = timedelta(seconds=_ROUNDS * pull_every)
    for course in seen:
        if course.autopull and course.pulled_at and at - course.pulled_at > late:
            ago = units.ago(course.pulled_at, at)
            yield warning(
                "courses",
                f"{course.course} was last looked at {ago} ago",
                "the courses service is behind: raise courses.pulls_at_once, or see its log",
            )
    if not failing:
        yield ok("courses", f"{units.counted(len(seen), 'course')}, none fails")


def of_the_future(seen: Seen) -> Finding | None:
    """What was told after now: the clock was set back."""
    last = max((mishap.at for mishap in seen.mishaps), default=None)
    pulled = max((c.pulled_at for c in seen.courses if c.pulled_at), default=None)
    latest = max((at for at in (last, pulled) if at), default=None)
    if latest is None or latest - seen.at <= _SKEW:
        return None
    ahead = units.lasting((latest - seen.at).total_seconds())
    return error(
        "clock",
        f"something was told {ahead} from now: this machine's clock was set back",
        "see that the clock is right; what is due by it waits until then",
    )
