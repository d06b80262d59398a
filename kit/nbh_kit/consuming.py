"""Durable consumers: each message is handled at least once, in a task of its own.

A message is acknowledged when its handler has returned. While the handler works the server is told
so; when a service dies its messages come again after `ACK_WAIT`. What nobody can decode, or fails
`MAX_DELIVER` times, becomes a dead letter with its reason and leaves the stream's queue (R-7). A
consumer that NATS has lost, or somebody has deleted, is made again.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api
from nats.js.errors import APIError, NotFoundError

from nbh_kit.bus import Bus
from nbh_kit.lag import Lag
from nbh_kit.lines import About
from nbh_proto import DeadLetter, Message, now
from nbh_proto.streams import Stream

logger = structlog.get_logger(__name__)

ACK_WAIT = 5.0
"""Seconds: a dead service's messages come again after this; a live one says that it works on."""

FINISH_SECONDS = 20.0
MAX_DELIVER = 5
RETRY_SECONDS = (0.5, 2.0, 5.0, 10.0)
MAX_IN_FLIGHT = 256
LOOK_SECONDS = 10.0
"""How often it is looked whether the consumer is there."""

_NATS_TROUBLE = (nats.errors.Error, APIError, OSError, TimeoutError)

Handler = Callable[[Any], Awaitable[None]]
"""Takes one message of the types asked for. Idempotent: a message may come twice."""


class Consumption:
    """One durable consumer of one service."""

    def __init__(
        self,
        bus: Bus,
        stream: Stream,
        durable: str,
        types: Sequence[type[Message]],
        handle: Handler,
        only: Mapping[str, str] = MappingProxyType({}),
        in_flight: int = MAX_IN_FLIGHT,
        youngest: timedelta | None = None,
        look_every: float = LOOK_SECONDS,
    ) -> None:
        self._bus = bus
        self._youngest = youngest
        self._look_every = look_every
        self._in_flight = in_flight
        self._stream = stream
        self._durable = durable
        self._types = {t.pattern(**only): msgspec.json.Decoder(t) for t in types}
        self._handle = handle
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscription: Subscription | None = None
        self._looking: asyncio.Task[None] | None = None
        self._lag = Lag(bus.metrics, stream.name, durable)
        self._outcomes = bus.metrics.counter(
            "nbhosting_messages_handled_total",
            "Messages of streams, by how their handling ended.",
            consumer=(durable,),
            outcome=("done", "failed", "buried"),
        )

    async def start(self) -> None:
        """Make sure of the consumer, now and after each reconnection, and hear it."""
        await self._bus.at_each_connection(self._make_sure)
        # A queue group: two processes of one service share the work instead of doubling it.
        self._subscription = await self._bus.client.subscribe(
            self._deliver_subject, queue=self._durable, cb=self._arrived
        )
        self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Take nothing more, finish what was begun, for at most `FINISH_SECONDS` (R-19).

        What takes longer is broken off and comes again.
        """
        if self._looking is not None:
            self._looking.cancel()
        if self._subscription is not None:
            with contextlib.suppress(nats.errors.Error):
                await self._subscription.unsubscribe()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=FINISH_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    @property
    def _deliver_subject(self) -> str:
        return f"nbh.deliver.{self._bus.name}.{self._stream.name}.{self._durable}"

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._look_every)
            with contextlib.suppress(*_NATS_TROUBLE):  # it is made sure of when NATS is back
                if there := await self._there():
                    self._lag.is_now(there.num_pending or 0, there.num_ack_pending or 0)
                else:
                    logger.warning("a consumer has gone and is made again", durable=self._durable)
                    await self._make_sure()

    async def _there(self) -> api.ConsumerInfo | None:
        name = self._stream.name
        try:
            there: api.ConsumerInfo = await self._bus.js.consumer_info(name, self._durable)
        except NotFoundError:
            return None
        return there

    async def _make_sure(self) -> None:
        since = self._beginning(await self._there())
        policy = api.DeliverPolicy.BY_START_TIME if since else api.DeliverPolicy.ALL
        config = api.ConsumerConfig(
            durable_name=self._durable,
            deliver_subject=self._deliver_subject,
            deliver_group=self._durable,
            deliver_policy=policy,
            opt_start_time=since,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT,
            max_ack_pending=self._in_flight,
            filter_subjects=list(self._types),
        )
        await self._bus.js.add_consumer(self._stream.name, config)

    def _beginning(self, there: api.ConsumerInfo | None) -> datetime | None:
        """Since when messages are wanted; None for all that the stream holds."""
        if there is not None:
            return there.config.opt_start_time  # which cannot be changed
        return now() - self._youngest if self._youngest else None

    async def _arrived(self, raw: Msg) -> None:
        # nats-py awaits a callback before it delivers the next message: one slow lab would hold
        # up all others, hence a task for each.
        task = asyncio.create_task(self._deliver(raw))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, raw: Msg) -> None:
        message = await self._decoded(raw)
        if message is None:
            return
        with About(message=message.id):
            try:
                with _telling_that_we_work(raw):
                    await self._handle(message)
            except asyncio.CancelledError:  # whoever comes after us need not wait for it
                await _settle(raw.nak(delay=RETRY_SECONDS[0]))
                raise
            except Exception as e:
                logger.exception("a handler failed", subject=raw.subject)
                await self._failed(raw, e)
            else:
                self._outcomes.add(self._durable, "done")
                await _settle(raw.ack())

    async def _decoded(self, raw: Msg) -> Message | None:
        try:
            return self._decoder_for(raw.subject).decode(raw.data)
        except (msgspec.MsgspecError, LookupError) as e:
            logger.error("a message nobody can decode", subject=raw.subject, error=str(e))
            await self._bury(raw, f"cannot be decoded: {e}")
            return None

    def _decoder_for(self, subject: str) -> "msgspec.json.Decoder[Message]":
        given = subject.split(".")
        for pattern, decoder in self._types.items():
            wanted = pattern.split(".")
            if len(wanted) == len(given) and all(
                w in ("*", g) for w, g in zip(wanted, given, strict=True)
            ):
                return decoder
        raise LookupError(f"no type has the subject {subject}")

    async def _failed(self, raw: Msg, error: Exception) -> None:
        deliveries = raw.metadata.num_delivered or 1
        self._outcomes.add(self._durable, "failed")
        if deliveries >= MAX_DELIVER:
            await self._bury(raw, f"failed {deliveries} times, at last: {error!r}")
        else:
            await _settle(raw.nak(delay=RETRY_SECONDS[deliveries - 1]))

    async def _bury(self, raw: Msg, reason: str) -> None:
        sequence = raw.metadata.sequence.stream
        letter = DeadLetter(
            # the same letter when the burial itself is interrupted and comes again
            id=f"{self._stream.name}-{self._durable}-{sequence}",
            service=self._bus.name,
            was=raw.subject,
            sequence=sequence,
            reason=reason,
            data=raw.data,
        )
        await self._bus.tell_surely(letter)
        self._outcomes.add(self._durable, "buried")
        await _settle(raw.term())


@asynccontextmanager
async def consume(
    bus: Bus,
    stream: Stream,
    durable: str,
    types: Sequence[type[Message]],
    handle: Handler,
    *,
    only: Mapping[str, str] = MappingProxyType({}),
    in_flight: int = MAX_IN_FLIGHT,
    youngest: timedelta | None = None,
    look_every: float = LOOK_SECONDS,
) -> AsyncGenerator[Consumption]:
    """Handle messages of these types while the block runs, and finish what was begun.

    Args:
        only: the ids that must stand in some fields of the subject, for example one's own node.
        in_flight: how many are handled at once; the next ones wait.
        youngest: what is older when the consumer is made does not come; None if all shall.
        look_every: seconds after which one that has gone is noticed.
    """
    consumption = Consumption(
        bus, stream, durable, types, handle, only, in_flight, youngest, look_every
    )
    await consumption.start()
    try:
        yield consumption
    finally:
        await consumption.stop()


@contextlib.contextmanager
def _telling_that_we_work(raw: Msg) -> Iterator[None]:
    telling: set[asyncio.Task[None]] = set()

    async def tell() -> None:
        while True:
            await _settle(raw.in_progress())
            await asyncio.sleep(ACK_WAIT / 3)

    # Most handlers are done long before: a timer costs a tenth of a task.
    timer = asyncio.get_running_loop().call_later(
        ACK_WAIT / 3, lambda: telling.add(asyncio.create_task(tell()))
    )
    try:
        yield
    finally:
        timer.cancel()
        for task in telling:
            task.cancel()


async def _settle(saying: Awaitable[None]) -> None:
    # If NATS is away the message simply comes again: handlers are idempotent.
    with contextlib.suppress(nats.errors.Error, APIError):
        await saying
