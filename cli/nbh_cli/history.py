"""Reads the stream of events: the last of those that match a subject, and those that follow."""

from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import nats.errors
from nats.js import JetStreamContext, api

from nbh_kit.bus import Bus
from nbh_proto.streams import EVENTS

EVERYTHING = 2**40
"""More than a stream holds: as ``last``, all that is kept."""


async def events(
    bus: Bus, pattern: str, *, last: int = EVERYTHING, follow: bool = False
) -> AsyncGenerator[tuple[str, dict[str, Any]]]:
    """(subject, event) of the last that match, oldest first; then, if asked, each new one."""
    start, skipped, waiting = await _where_to_begin(bus.js, pattern, last)
    subscription = await bus.js.subscribe(
        pattern,
        stream=EVENTS.name,
        ordered_consumer=True,
        config=api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=start
        ),
    )
    number = 0
    try:
        while follow or number < waiting:
            try:
                raw = await subscription.next_msg(timeout=1)
            except nats.errors.TimeoutError:
                continue
            number += 1
            if number > skipped:
                yield raw.subject, msgspec.json.decode(raw.data)
    finally:
        await subscription.unsubscribe()


async def _where_to_begin(js: JetStreamContext, pattern: str, last: int) -> tuple[int, int, int]:
    """The sequence to read from, how many to skip then, and how many are there from it on.

    Only the server knows which events match: it is asked about windows twice as long each time.
    """
    state = (await js.stream_info(EVENTS.name)).state
    window = last
    while True:
        start = max(state.last_seq + 1 - window, state.first_seq, 1)
        there = await _matching(js, pattern, start)
        if there >= last or start <= max(state.first_seq, 1):
            return start, max(there - last, 0), there
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
