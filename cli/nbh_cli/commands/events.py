"""`nbh events`: what happened, from the stream of events, and what happens now."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, NamedTuple

import msgspec
import nats.errors
from cyclopts import Parameter
from nats.js import JetStreamContext, api

from nbh_cli import operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_proto.names import BadName, checked_id, token
from nbh_proto.streams import EVENTS

_SHOWN_APART = ("id", "at", "v", "course", "student", "answer_to")


def events(
    *,
    follow: Annotated[bool, Parameter(negative="")] = False,
    last: Annotated[int, Parameter(help="How many of those that were; 0 for none.")] = 20,
    course: str = "",
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """The latest events, oldest first; with --follow also each new one, until Ctrl-C."""
    try:
        pattern = f"nbh.event.*.*.{token(checked_id('course', course)) if course else '*'}"
    except BadName as e:
        raise Sorry(f"{course!r} is {e}", 2) from e
    asked = _Asked(pattern, last, follow)
    asyncio.run(_print(operating.load(config), asked, as_json=json))


class _Asked(NamedTuple):
    pattern: str
    last: int
    follow: bool


async def _print(config: Config, asked: _Asked, *, as_json: bool) -> None:
    async with operating.bus(config) as bus:
        async for subject, event in _heard(bus, asked):
            if as_json:
                output.print_json({"subject": subject, **event})
            else:
                print(_line(subject, event), flush=True)


def _line(subject: str, event: dict[str, Any]) -> str:
    kind = ".".join(subject.split(".")[2:4])
    who = f"{event.get('course', '')} {event.get('student', '')}".strip()
    rest = {k: v for k, v in event.items() if k not in _SHOWN_APART}
    return f"{str(event.get('at', ''))[:19]}  {kind:<20} {who:<32} {output.text(rest)}".rstrip()


async def _heard(bus: Bus, asked: _Asked) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """The last events and, if asked, those that follow; by an ephemeral ordered consumer."""
    start, skipped, waiting = await _where_to_begin(bus.js, asked)
    subscription = await bus.js.subscribe(
        asked.pattern,
        stream=EVENTS.name,
        ordered_consumer=True,
        config=api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=start
        ),
    )
    number = 0
    while asked.follow or number < waiting:
        try:
            raw = await subscription.next_msg(timeout=1)
        except nats.errors.TimeoutError:
            continue
        number += 1
        if number > skipped:
            yield raw.subject, msgspec.json.decode(raw.data)


async def _where_to_begin(js: JetStreamContext, asked: _Asked) -> tuple[int, int, int]:
    """The sequence to read from, how many to skip then, and how many are there from it on.

    Only the server knows which events match: it is asked about windows twice as long each time.
    """
    state = (await js.stream_info(EVENTS.name)).state
    window = asked.last
    while True:
        start = max(state.last_seq + 1 - window, state.first_seq, 1)
        there = await _matching(js, asked.pattern, start)
        if there >= asked.last or start <= max(state.first_seq, 1):
            return start, max(there - asked.last, 0), there
        window = max(window * 2, 64)


async def _matching(js: JetStreamContext, pattern: str, start: int) -> int:
    config = api.ConsumerConfig(
        deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=start,
        ack_policy=api.AckPolicy.NONE,
        filter_subject=pattern,
        mem_storage=True,
        inactive_threshold=5.0,
    )
    info = await js.add_consumer(EVENTS.name, config)
    await js.delete_consumer(EVENTS.name, info.name)
    return info.num_pending or 0
