"""The bus: NATS JetStream, spoken to in messages.

A client reconnects for ever (R-9). What the server lost while it was away (a deleted JetStream
folder) is made again at each connection: streams, consumers, and the replicas of buckets.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import APIError

from nbh_kit import cancelling, one_connection, streams
from nbh_kit.metrics import Metrics
from nbh_proto import Answer, Message, Question

logger = structlog.get_logger(__name__)

Q = TypeVar("Q", bound=Question)
R = TypeVar("R")
M = TypeVar("M", bound=Message)
Again = Callable[[], Awaitable[None]]
Hear = Callable[[Message], None]


class BusAway(ConnectionError):
    """What was said is not known to be stored: NATS is away or too slow."""


class Bus:
    """One service's connection. Made by `connect`."""

    def __init__(self, client: Client, name: str, metrics: Metrics) -> None:
        self.client = client
        self.name = name
        self.metrics = metrics
        """The numbers of this process."""

        self._told: list[Hear] = []
        self.js: JetStreamContext = client.jetstream(timeout=5)
        self._again: list[Again] = []
        self._remaking: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether NATS is there right now."""
        return self.client.is_connected

    async def tell(self, message: Message, *, within: timedelta = timedelta(seconds=5)) -> None:
        """Store a message in its stream; return once it is stored.

        Raises:
            BusAway: it is not known to be stored. Saying it again stores it once (its id).
        """
        if not self.is_connected:
            raise BusAway("NATS is away")
        try:
            stored = await self.js.publish(
                message.address,
                msgspec.json.encode(message),
                timeout=within.total_seconds(),
                headers={"Nats-Msg-Id": message.id},
            )
        except (nats.errors.Error, APIError, OSError, TimeoutError) as e:
            raise BusAway(f"{type(message).__name__} was not stored: {e!r}") from e
        if not stored.duplicate:
            for hear in self._told:
                hear(message)

    def at_each_telling(self, hear: Hear) -> None:
        """Hear what this service tells, once it is stored; not what was stored before."""
        self._told.append(hear)

    async def tell_surely(self, *messages: Message) -> None:
        """Store messages in order, however long NATS is away. Nothing that was told is lost."""
        for message in messages:
            while True:
                try:
                    await self.tell(message)
                    break
                except BusAway as e:
                    logger.warning("waiting for NATS to tell", what=message.address, error=str(e))
                    await asyncio.sleep(0.5)

    async def answer(self, inbox: str, answer: Answer) -> None:
        """Say something to one asker, who is there or is not."""
        if not inbox:
            return
        with contextlib.suppress(nats.errors.Error):
            await self.client.publish(inbox, msgspec.json.encode(answer))

    @asynccontextmanager
    async def inbox(self, answers: Any, hear: Callable[[Any], None]) -> AsyncGenerator[str]:
        """An address of one's own: ``hear`` gets each answer of the union ``answers``."""
        decoder = msgspec.json.Decoder(answers)

        async def heard(raw: Msg) -> None:
            try:
                hear(decoder.decode(raw.data))
            except msgspec.MsgspecError as e:
                logger.error("an answer nobody can decode", error=str(e))

        address = self.client.new_inbox()
        subscription = await self.client.subscribe(address, cb=heard)
        try:
            yield address
        finally:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()

    @asynccontextmanager
    async def hearing(self, type_: type[M], hear: Callable[[M], None]) -> AsyncGenerator[None]:
        """``hear`` gets each message of a type that is told while the block runs. What is told
        before, or while NATS is away, is missed."""
        decoder = msgspec.json.Decoder(type_)

        async def heard(raw: Msg) -> None:
            try:
                hear(decoder.decode(raw.data))
            except msgspec.MsgspecError as e:
                logger.error("a message nobody can decode", subject=raw.subject, error=str(e))

        subscription = await self.client.subscribe(type_.pattern(), cb=heard)
        try:
            yield
        finally:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()

    async def ask(self, question: Question, reply: type[R], *, within: float = 5.0) -> R:
        """Ask a service and wait for its reply.

        Raises:
            BusAway: nobody answered within so many seconds, or what this release can read.
        """
        try:
            raw = await self.client.request(
                question.address, msgspec.json.encode(question), timeout=within
            )
        except (nats.errors.Error, OSError, TimeoutError) as e:
            raise BusAway(f"nobody answers {question.address}: {e!r}") from e
        try:
            return msgspec.json.decode(raw.data, type=reply)
        except msgspec.MsgspecError as e:
            raise BusAway(f"the reply to {question.address} cannot be read: {e}") from e

    @asynccontextmanager
    async def answering(
        self, type_: type[Q], answer: Callable[[Q], Awaitable[msgspec.Struct]], **only: str
    ) -> AsyncGenerator[None]:
        """Answer questions of one type while the block runs, each in a task of its own.

        ``only`` are the ids that must stand in its subject, for example one's own node.
        """
        tasks: set[asyncio.Task[None]] = set()

        async def reply(raw: Msg) -> None:
            try:
                question = msgspec.json.decode(raw.data, type=type_)
                await raw.respond(msgspec.json.encode(await answer(question)))
            except Exception:
                logger.exception("a question was not answered", subject=raw.subject)

        async def asked(raw: Msg) -> None:
            task = asyncio.create_task(reply(raw))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        subscription = await self.client.subscribe(
            type_.pattern(**only), queue=self.name, cb=asked
        )
        try:
            yield
        finally:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()
            await asyncio.gather(*tasks)

    async def at_each_connection(self, again: Again) -> None:
        """Do something now and after each reconnection; it must be idempotent."""
        self._again.append(again)
        await again()

    def remake(self) -> None:
        """NATS is back: make again what it may have lost."""
        if self._remaking is None or self._remaking.done():
            self._remaking = asyncio.create_task(self._remake())

    async def _remake(self) -> None:
        pending = list(self._again)
        while pending:
            try:
                await pending[0]()
                pending.pop(0)
            except (nats.errors.Error, APIError, OSError, TimeoutError) as e:
                logger.warning("NATS is back, but not ready", error=repr(e))
                await asyncio.sleep(0.2)
        logger.info("NATS is back")

    async def close(self) -> None:
        """Leave: send what is buffered, end the subscriptions."""
        if self._remaking:
            self._remaking.cancel()
        try:
            await self.client.drain()
        except nats.errors.Error:
            # drain() raises while the connection is being remade
            await self.client.close()


@asynccontextmanager
async def connect(
    url: str,
    *,
    name: str,
    user: str = "",
    password: str = "",
    within: float | None = None,
    makes_streams: bool = True,
    metrics: Metrics | None = None,
) -> AsyncGenerator[Bus]:
    """Connect as ``name``, however long NATS takes; streams and buckets exist then.

    Who may not make them, because all the world talks to it (S-39), waits until others have.
    ``metrics`` are the process' numbers; those of consumers come to them.

    Raises:
        BusAway: only with ``within``: NATS did not let us in for so many seconds, and why.
    """
    cancelling.heed_while_waiting()
    client = one_connection.client()
    bus: Bus | None = None
    last = ""

    async def reconnected() -> None:
        nonlocal last
        last = ""
        if bus is not None:
            bus.remake()

    async def complain(error: Exception) -> None:
        nonlocal last
        if last != (last := str(error) or repr(error)):  # not the same four times a second
            logger.warning("NATS", url=url, error=last)

    options = {
        "name": name,
        "allow_reconnect": True,
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": 0.25,
        "ping_interval": 10,
        "max_outstanding_pings": 2,
        "reconnected_cb": reconnected,
        "error_cb": complain,
        "pending_size": 8 * 1024**2,
    }
    if user:
        # nobody hears what others are answered: each user has a prefix of its own (S-39)
        options |= {"user": user, "password": password, "inbox_prefix": f"_INBOX.{user}"}
    try:
        async with asyncio.timeout(within):
            await _first_connection(client, url, options)
    except TimeoutError as e:
        await client.close()
        raise BusAway(f"NATS at {url}: {last}") from e
    bus = Bus(client, name, metrics or Metrics())
    try:
        exist = streams.make_sure if makes_streams else streams.until_there
        await bus.at_each_connection(lambda: exist(bus.js))
        yield bus
    finally:
        await bus.close()


async def _first_connection(client: Client, url: str, options: dict[str, Any]) -> None:
    """A service that starts before NATS waits for it (R-9)."""
    tries = 0
    while True:
        try:
            await client.connect(url, connect_timeout=2, **options)
            return
        except (nats.errors.Error, OSError, TimeoutError) as e:
            if tries % 40 == 0:
                logger.warning("waiting for NATS", url=url, error=repr(e))
            tries += 1
            await asyncio.sleep(0.25)
