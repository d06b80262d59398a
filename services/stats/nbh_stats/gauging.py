"""How the statistics and what they are made of stand, for Prometheus (E-2)."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from clickhouse_connect.driver.client import Client

from nbh_kit.batching import Batch, Refusal
from nbh_kit.bus import Bus
from nbh_kit.metrics import Metrics
from nbh_proto.streams import ALL
from nbh_stats.clickhouse import Door
from nbh_stats.events import Events
from nbh_stats.students import Students

PERIODS = {"24h": 1, "7d": 7, "30d": 30}
"""JupyterHub's, in days."""

_ACTIVE = """
SELECT {counts} FROM events
WHERE kind IN ('access.opened', 'access.forwarded') AND who != 0
  AND at >= now64(6, 'UTC') - INTERVAL 30 DAY
"""
_OF_ACCESSES = "nbh.event.access."
_COUNT = "uniqExactIf(who, at >= now64(6, 'UTC') - INTERVAL {days} DAY)"
_STREAMS = tuple(stream.name for stream in ALL)

logger = structlog.get_logger(__name__)


class Ingestion:
    """Has batches kept, and counts them."""

    def __init__(self, events: Events, metrics: Metrics) -> None:
        self._events = events
        self._kept = metrics.counter("nbhosting_events_kept_total", "Events that are stored.")
        self._refused = metrics.counter(
            "nbhosting_events_refused_total", "Events that nobody could read."
        )
        self._seconds = metrics.histogram(
            "nbhosting_batch_seconds",
            "How long it took to store a batch of events.",
            (0.025, 0.1, 0.5, 1.0, 5.0, 30.0),
        )

    async def keep(self, batch: Batch) -> Sequence[Refusal]:
        """As `Events.keep`."""
        began = time.monotonic()
        refused = await self._events.keep(batch)
        self._seconds.observe(time.monotonic() - began)
        self._kept.add(by=len(batch.messages) - len(refused))
        self._refused.add(by=len(refused))
        if logger.is_enabled_for(logging.DEBUG):
            _say(batch)
        return refused


class _OfAccess(msgspec.Struct):
    access: str


def _say(batch: Batch) -> None:
    """Which clicks' events are stored by now."""
    for message in batch.messages:
        if message.subject.startswith(_OF_ACCESSES):
            told = msgspec.json.decode(message.data, type=_OfAccess)
            logger.debug("an event is stored", access=told.access, subject=message.subject)


class Users:
    """How many students there are, and were there lately."""

    def __init__(self, reading: Door, students: Students, metrics: Metrics) -> None:
        self._reading = reading
        self._students = students
        self._active = metrics.gauge(
            "jupyterhub_active_users",
            "Number of users who were active in the given time period.",
            period=tuple(PERIODS),
        )
        self._total = metrics.gauge("jupyterhub_total_users", "Total number of users.")

    async def count(self) -> None:
        """Count them now. ClickHouse takes a quarter of a second for ten million events, so this
        is not done at each reading."""
        self._active.set_all(await self._reading.use(_active))
        self._total.set(to=len(self._students.names()))


class Streams:
    """How full the streams of NATS are."""

    def __init__(self, bus: Bus, metrics: Metrics) -> None:
        self._bus = bus
        self._messages = metrics.gauge(
            "nbhosting_stream_messages",
            "Messages that a stream holds; those of DEAD could not be handled.",
            stream=_STREAMS,
        )
        self._bytes = metrics.gauge(
            "nbhosting_stream_bytes", "Bytes that a stream holds.", stream=_STREAMS
        )
        self._most = metrics.gauge(
            "nbhosting_stream_max_bytes", "Bytes that a stream can hold.", stream=_STREAMS
        )
        metrics.before_each_reading(self.look)

    async def look(self) -> None:
        """Ask NATS; while it is away nobody knows."""
        for gauge in (self._messages, self._bytes, self._most):
            gauge.forget()
        if not self._bus.is_connected:
            return
        for name in _STREAMS:
            info = await self._bus.js.stream_info(name)
            self._messages.set(name, to=info.state.messages)
            self._bytes.set(name, to=info.state.bytes)
            self._most.set(name, to=info.config.max_bytes or 0)


def _active(client: Client) -> Mapping[str, float]:
    counts = ", ".join(_COUNT.format(days=days) for days in PERIODS.values())
    rows: Sequence[Sequence[Any]] = client.query(_ACTIVE.format(counts=counts)).result_rows
    return dict(zip(PERIODS, rows[0], strict=True))
