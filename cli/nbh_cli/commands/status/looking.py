"""Asks every part of the system how it is. Who does not answer is part of the answer."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
from nats.js import api

from nbh_cli import history, operating
from nbh_cli.commands.status.seen import (
    Bus,
    Consumer,
    CourseSeen,
    Disk,
    LabsOf,
    Mishap,
    Seen,
    Service,
    Stream,
    judged,
)
from nbh_cli.sorry import Sorry
from nbh_cli.up import parts
from nbh_kit import asking, bus
from nbh_kit.config import Config
from nbh_proto import Course, Drain, Lab, now
from nbh_proto.streams import ALL, DEAD

_FAILURES = ("access.failed", "lab.failed", "course.failed", "workspace.full")
_MISHAPS = 8
_BUS_WITHIN = 5.0


async def look(config: Config) -> Seen:
    """The whole system now."""
    services, known, storage = await asyncio.gather(
        _services(config), _known(config), _storage(config)
    )
    disks = await asyncio.to_thread(_disks, config, storage)
    return judged(msgspec.structs.replace(known, services=services, disks=disks))


async def _services(config: Config) -> tuple[Service, ...]:
    if not config.health.first_port:
        return ()
    names = parts.services(config)
    return tuple(await asyncio.gather(*(_service(config, name) for name in names)))


async def _service(config: Config, name: Any) -> Service:
    host, port = config.health_host(name), config.health_port(name)
    try:
        alive, _ = await asking.get(host, port, "/livez")
        _, body = await asking.get(host, port, "/readyz")
        there = msgspec.json.decode(body, type=dict[str, bool])
    except (OSError, ValueError) as e:
        why = str(e) or "no answer in time"
        return Service(name=name, lives=False, why=why)
    return Service(
        name=name,
        lives=alive == 200,
        missing=tuple(need for need, is_there in there.items() if not is_there),
        why="" if alive == 200 else "its event loop is late",
    )


async def _known(config: Config) -> Seen:
    """What NATS says, and what it keeps; its services and disks are still to be filled in."""
    bare = Seen(
        at=now(),
        site=config.site.name,
        services=(),
        bus=Bus(url=config.nats.url),
        disks=(),
    )
    try:
        async with asyncio.timeout(_BUS_WITHIN), operating.bus(config) as connected:
            return msgspec.structs.replace(
                bare,
                bus=await _bus(config, connected),
                labs=_labs(await _values(connected, Lab)),
                courses=_courses(await _values(connected, Course)),
                drains=tuple(
                    sorted(await _values(connected, Drain), key=lambda drain: str(drain.node))
                ),
                mishaps=await _mishaps(connected),
            )
    except (Sorry, bus.BusAway, TimeoutError) as e:
        away = str(e) or f"no answer within {_BUS_WITHIN:.0f} s"
        return msgspec.structs.replace(bare, bus=Bus(url=config.nats.url, away=away))


async def _values(connected: bus.Bus, type_: Any) -> list[Any]:
    return [held.value for held in (await operating.all_of(connected, type_)).values()]


async def _bus(config: Config, connected: bus.Bus) -> Bus:
    streams = [await connected.js.stream_info(stream.name) for stream in ALL]
    consumers = [
        _consumer(info)
        for stream in ALL
        for info in await connected.js.consumers_info(stream.name)
        if info.config.durable_name
    ]
    return Bus(
        url=config.nats.url,
        streams=tuple(map(_stream, streams)),
        consumers=tuple(sorted(consumers, key=lambda c: (c.stream, c.name))),
        dead=next(s.state.messages for s in streams if s.config.name == DEAD.name),
    )


def _stream(info: api.StreamInfo) -> Stream:
    return Stream(
        name=info.config.name or "",
        messages=info.state.messages,
        bytes=info.state.bytes,
        max_bytes=info.config.max_bytes or 0,
        drops_oldest=info.config.discard == api.DiscardPolicy.OLD,
    )


def _consumer(info: api.ConsumerInfo) -> Consumer:
    return Consumer(
        stream=info.stream_name,
        name=info.name,
        waiting=info.num_pending or 0,
        in_hand=info.num_ack_pending or 0,
    )


def _labs(labs: Iterable[Lab]) -> tuple[LabsOf, ...]:
    by_course: dict[str, Counter[str]] = {}
    for lab in labs:
        by_course.setdefault(lab.course, Counter())[lab.state] += 1
    return tuple(LabsOf(course=c, states=dict(n)) for c, n in sorted(by_course.items()))


def _courses(courses: Iterable[Course]) -> tuple[CourseSeen, ...]:
    return tuple(
        CourseSeen(
            course=course.course,
            commit=course.commit,
            pulled_at=course.pulled_at,
            failure=f"{course.failure}: {course.failure_detail}".removesuffix(": ")
            if course.failure
            else "",
            problems=len(course.problems),
            autopull=course.autopull,
        )
        for course in sorted(courses, key=lambda course: course.course)
        if not course.archived
    )


async def _mishaps(connected: bus.Bus) -> tuple[Mishap, ...]:
    found: list[Mishap] = []
    for kind in _FAILURES:
        told = history.events(connected, f"nbh.event.{kind}.*", last=_MISHAPS)
        found += [mishap async for mishap in _told(kind, told)]
    return tuple(sorted(found, key=lambda mishap: mishap.at)[-_MISHAPS:])


async def _told(
    kind: str, events: AsyncGenerator[tuple[str, dict[str, Any]]]
) -> AsyncGenerator[Mishap]:
    async with aclosing(events):
        async for _, event in events:
            yield msgspec.convert(
                {
                    "at": event["at"],
                    "what": kind,
                    "course": event.get("course", ""),
                    "student": event.get("student", ""),
                    "why": f"{event.get('reason', '')} {event.get('detail', '')}".strip(),
                },
                Mishap,
                strict=False,
            )


class _Store(msgspec.Struct, rename="camel"):
    graph_root: str


class _Info(msgspec.Struct):
    store: _Store


async def _storage(config: Config) -> Path | None:
    """Where podman keeps images and containers; None if it does not say."""
    try:
        _, body = await asking.get_at(config.podman_socket, "/v4.0.0/libpod/info")
        return Path(msgspec.json.decode(body, type=_Info).store.graph_root)
    except (OSError, ValueError):
        return None


def _disks(config: Config, storage: Path | None) -> tuple[Disk, ...]:
    """The file systems of ours, each once."""
    wanted = config.provisioner.free_bytes
    data = config.site.data
    folders = {
        "students' files": data / "students",
        "courses": data / "courses",
        "NATS": data / "nats",
        **({"images and containers": storage} if storage else {}),
    }
    found: dict[int, Disk] = {}
    for what, folder in folders.items():
        there = nearest(folder)
        device = there.stat().st_dev
        if device in found:
            known = found[device]
            found[device] = msgspec.structs.replace(known, what=f"{known.what}, {what}")
            continue
        room = os.statvfs(there)
        found[device] = Disk(
            what=what,
            folder=str(folder),
            free=room.f_bavail * room.f_frsize,
            total=room.f_blocks * room.f_frsize,
            wanted=wanted,
        )
    return tuple(found.values())


def nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(f for f in (folder, *folder.parents) if f.exists())
