"""Follows a stream in batches, in order, from wherever the follower's own store ends.

For a service that keeps what it hears: its store says up to which message it has kept, so storing
and remembering the place are one act, and after any trouble (a crash, a failed insert, NATS gone
or its folder deleted, a gap) there is one way on: ask the store, and begin after that. Effects
are exactly once if the store takes a batch whole or not at all (R-14).
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple

import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js import api
from nats.js.errors import APIError, NotFoundError

from nbh_kit.bus import Bus, BusAway
from nbh_kit.lag import Lag
from nbh_proto import DeadLetter
from nbh_proto.streams import Stream

logger = structlog.get_logger(__name__)

MAX_BYTES = 16 * 1024**2
"""Of one batch; a message is at most 1 MiB, so there is always room for one."""

_SILENCE_SECONDS = 30.0
"""A server that is busy storing what others publish delivers nothing meanwhile: 5 s were seen."""

_NEVER_AGAIN_SECONDS = 24 * 3600.0
_BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_NATS_TROUBLE = (nats.errors.Error, APIError, BusAway, OSError, TimeoutError)
_PLAIN_REPLY_TOKENS = 9


class Stored(NamedTuple):
    """One message as its stream holds it."""

    sequence: int
    subject: str
    data: bytes


class Batch(NamedTuple):
    """Messages in the order of their stream, none missing between them and the last batch's."""

    stream: datetime
    """When the stream was made. One that was lost and made again counts from 1 again."""

    messages: list[Stored]


class Refusal(NamedTuple):
    """A message that the handler cannot take, and why; it becomes a dead letter (R-7)."""

    message: Stored
    reason: str


Handler = Callable[[Batch], Awaitable[Sequence[Refusal]]]
"""Keeps a batch, whole or not at all; if it raises, the store is asked how far it has come."""

ResumeAfter = Callable[[datetime], Awaitable[int]]
"""Up to which sequence the store has kept the stream that was made at that instant; 0 for none."""


class OutOfStep(Exception):
    """What arrives does not follow what was handled: begin again after what is kept."""


class Following:
    """One service's way through one stream, by a durable consumer that nobody else uses."""

    def __init__(
        self,
        bus: Bus,
        stream: Stream,
        durable: str,
        handle: Handler,
        resume_after: ResumeAfter,
        *,
        rows: int,
        within: float,
    ) -> None:
        self._bus = bus
        self._stream = stream
        self._durable = durable
        self._handle = handle
        self._resume_after = resume_after
        self._rows = rows
        self._within = within
        self._failures = 0
        self._pulls: _Pulls | None = None
        self._lag = Lag(bus.metrics, stream.name, durable)

    async def forever(self) -> None:
        """Hand over batches of at most ``rows``, each at most ``within`` seconds after it came."""
        await self._bus.at_each_connection(self._reconnected)
        while True:
            try:
                await self._follow()
            except _NATS_TROUBLE as e:
                logger.warning("waiting for NATS to follow", stream=self._name, error=repr(e))
            except OutOfStep as e:
                logger.info("following anew", stream=self._name, why=str(e))
            except Exception:
                logger.exception("a batch was not kept", stream=self._name)
            await self._back_off()

    @property
    def _name(self) -> str:
        return self._stream.name

    async def _reconnected(self) -> None:
        if self._pulls is not None:
            self._pulls.give_up()

    async def _back_off(self) -> None:
        await asyncio.sleep(_BACK_OFF_SECONDS[min(self._failures, len(_BACK_OFF_SECONDS) - 1)])
        self._failures += 1

    async def _follow(self) -> None:
        created = (await self._bus.js.stream_info(self._name)).created
        assert created is not None
        position = await self._resume_after(created)
        await self._make_consumer(position)
        async with self._pulling() as self._pulls:
            while True:
                messages = await self._pulls.pull()
                self._lag.is_now(self._pulls.waiting, len(messages))
                if messages:
                    await self._hand_over(Batch(created, messages))
                    await self._pulls.acknowledge()
                    self._lag.is_now(self._pulls.waiting, 0)
                self._failures = 0
                if len(messages) < self._rows:
                    await asyncio.sleep(self._within)

    async def _hand_over(self, batch: Batch) -> None:
        for message, reason in await self._handle(batch):
            logger.error("a message nobody can decode", subject=message.subject, error=reason)
            await self._bus.tell_surely(self._letter(message, reason))

    def _letter(self, message: Stored, reason: str) -> DeadLetter:
        return DeadLetter(
            # the same letter when the burial itself is interrupted and comes again
            id=f"{self._name}-{self._durable}-{message.sequence}",
            service=self._bus.name,
            was=message.subject,
            sequence=message.sequence,
            reason=reason,
            data=message.data,
        )

    async def _make_consumer(self, position: int) -> None:
        """Anew each time: what an older one had delivered and nobody kept would come too late."""
        with contextlib.suppress(NotFoundError):
            await self._bus.js.delete_consumer(self._name, self._durable)
        config = api.ConsumerConfig(
            durable_name=self._durable,
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=position + 1,
            ack_policy=api.AckPolicy.ALL,
            ack_wait=_NEVER_AGAIN_SECONDS,
            max_ack_pending=-1,
        )
        await self._bus.js.add_consumer(self._name, config)

    @asynccontextmanager
    async def _pulling(self) -> "AsyncGenerator[_Pulls]":
        ask = f"$JS.API.CONSUMER.MSG.NEXT.{self._name}.{self._durable}"
        pulls = _Pulls(self._bus, ask, self._rows)
        subscription = await self._bus.client.subscribe(f"{pulls.inbox}.*", cb=pulls.arrived)
        try:
            yield pulls
        finally:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()


class _Pulls:
    """Asks for what is there now and gathers it.

    One request brings thousands of messages: 10 µs each, where nats-py's own fetch takes 40 and
    waking up for every message as it is published takes more.
    """

    def __init__(self, bus: Bus, ask: str, rows: int) -> None:
        self.inbox = bus.client.new_inbox()
        self._pull = 0
        self._bus = bus
        self._ask = ask
        self._rows = rows
        self._request = msgspec.json.encode(
            {"batch": rows, "max_bytes": MAX_BYTES, "no_wait": True}
        )
        self._came: list[Msg] = []
        self._ended = asyncio.Event()
        self._status = ""
        self._given_up = False
        self._last: Msg | None = None
        self._delivered = 0
        self.waiting = 0
        """How many were not delivered yet when the last pull ended."""

    def give_up(self) -> None:
        """NATS was away: what it was delivering is lost."""
        self._given_up = True
        self._ended.set()

    async def arrived(self, raw: Msg) -> None:
        if raw.headers and (status := raw.headers.get(api.Header.STATUS.value)):
            # the last word on an earlier pull may come during this one
            if raw.subject == self._address:
                self._status = status
                self._ended.set()
            return
        self._came.append(raw)
        if len(self._came) >= self._rows:
            self._ended.set()

    @property
    def _address(self) -> str:
        return f"{self.inbox}.{self._pull}"

    async def pull(self) -> list[Stored]:
        """What is there, at most one batch.

        Raises:
            OutOfStep: the consumer is gone, or a delivery was lost.
            TimeoutError: nothing came for too long.
        """
        self._came, self._status = [], ""
        if not self._given_up:
            self._ended.clear()
        self._pull += 1
        await self._bus.client.publish(self._ask, self._request, reply=self._address)
        while not self._ended.is_set():
            await self._until_more()
        if self._given_up:
            raise OutOfStep("NATS was away")
        if self._status == api.StatusCode.SERVICE_UNAVAILABLE:
            raise OutOfStep("the consumer is gone")
        self._last, self.waiting = self._came[-1] if self._came else self._last, 0
        return [self._in_step(raw) for raw in self._came]

    async def _until_more(self) -> None:
        so_far = len(self._came)
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                await self._ended.wait()
        except TimeoutError:
            if len(self._came) == so_far:
                raise

    def _in_step(self, raw: Msg) -> Stored:
        sequence, delivered, self.waiting = _numbers(raw)
        if delivered != self._delivered + 1:
            raise OutOfStep(f"delivery {delivered} came after {self._delivered}")
        self._delivered = delivered
        return Stored(sequence, raw.subject, raw.data)

    async def acknowledge(self) -> None:
        """Tell the server how far we are; only its bookkeeping, the store is what counts."""
        if self._last is not None:
            await self._bus.client.publish(self._last.reply, b"+ACK")


def _numbers(raw: Msg) -> tuple[int, int, int]:
    """The place in the stream, the count of deliveries and how many messages are still to be
    delivered, from the ack's address (ADR-15)."""
    tokens = raw.reply.split(".")
    if len(tokens) == _PLAIN_REPLY_TOKENS:
        return int(tokens[5]), int(tokens[6]), int(tokens[8])
    data = raw.metadata
    return data.sequence.stream, data.sequence.consumer, data.num_pending


@asynccontextmanager
async def follow(
    bus: Bus,
    stream: Stream,
    durable: str,
    handle: Handler,
    resume_after: ResumeAfter,
    *,
    rows: int,
    within: float,
) -> AsyncGenerator[None]:
    """Follow a stream while the block runs. See `Following`."""
    following = Following(bus, stream, durable, handle, resume_after, rows=rows, within=within)
    task = asyncio.create_task(following.forever())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
