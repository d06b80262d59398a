"""Typed key-value buckets: compare-and-set for the one writer, replicas for the readers."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Generic, NamedTuple, TypeVar

import msgspec
import nats.errors
import structlog
from nats.js.errors import (
    APIError,
    KeyDeletedError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
)
from nats.js.kv import KeyValue

from nbh_kit.bus import Bus, BusAway
from nbh_kit.gathering import Extent, Gathered
from nbh_proto import Value
from nbh_proto.packing import packed, unpacked

V = TypeVar("V", bound=Value)

logger = structlog.get_logger(__name__)


def _encoded(value: Value) -> bytes:
    return packed(msgspec.json.encode(value))


class Lost(Exception):
    """Somebody else wrote the key first."""


class Held(NamedTuple, Generic[V]):
    """A value and the revision under which it stands."""

    value: V
    revision: int


class Unreadable(NamedTuple):
    """What a key holds that no release before a later one knows, or that is damaged."""

    data: bytes
    revision: int


class Snapshot(NamedTuple, Generic[V]):
    """All there is. Comes first, and again after each reconnection: replace, do not merge."""

    all: dict[str, Held[V]]


class Put(NamedTuple, Generic[V]):
    """A key has a new value."""

    key: str
    held: Held[V]


class Gone(NamedTuple):
    """A key is no more."""

    key: str


class Bucket(Generic[V]):
    """One bucket, read and written as values of one type."""

    def __init__(self, bus: Bus, type_: type[V]) -> None:
        self._bus = bus
        self._type = type_
        self._decoder = msgspec.json.Decoder(type_)
        self._kv: KeyValue | None = None

    async def get(self, key: str) -> Held[V] | None:
        """What stands under a key; None also for what nobody here can read, which is logged.

        Raises:
            BusAway: NATS does not answer.
        """
        entry = await self._entry(key)
        value = self._decoded(key, entry.value) if entry else None
        return Held(value, entry.revision or 0) if entry and value else None

    async def unreadable(self, key: str) -> Unreadable | None:
        """What stands under a key and nobody here can read; None if nothing does.

        Raises:
            BusAway: NATS does not answer.
        """
        entry = await self._entry(key)
        if entry is None or self._decoded(key, entry.value):
            return None
        return Unreadable(entry.value or b"", entry.revision or 0)

    async def _entry(self, key: str) -> KeyValue.Entry | None:
        try:
            return await (await self._open()).get(key)
        except (KeyNotFoundError, KeyDeletedError):
            return None
        except _AWAY as e:
            raise BusAway(f"{self._type.bucket}: {e!r}") from e

    async def create(self, key: str, value: V) -> int:
        """Write a key that is not there; return its revision.

        Raises:
            Lost: it is there.
            BusAway: NATS does not answer; the key may or may not be written.
        """
        try:
            return int(await (await self._open()).create(key, _encoded(value)))
        except KeyWrongLastSequenceError as e:
            raise Lost(key) from e
        except _AWAY as e:
            raise BusAway(f"{self._type.bucket}: {e!r}") from e

    async def update(self, key: str, value: V, revision: int) -> int:
        """Replace what stands under ``revision``; return the new revision.

        Raises:
            Lost: another revision stands there.
            BusAway: NATS does not answer; the key may or may not be written.
        """
        try:
            return int(await (await self._open()).update(key, _encoded(value), last=revision))
        except KeyWrongLastSequenceError as e:
            raise Lost(key) from e
        except _AWAY as e:
            raise BusAway(f"{self._type.bucket}: {e!r}") from e

    async def put(self, key: str, value: V) -> int:
        """Write a key, whatever stands there; return the revision. For a bucket's one writer.

        Raises:
            BusAway: NATS does not answer; the key may or may not be written.
        """
        try:
            return int(await (await self._open()).put(key, _encoded(value)))
        except _AWAY as e:
            raise BusAway(f"{self._type.bucket}: {e!r}") from e

    async def delete(self, key: str, revision: int) -> None:
        """Remove what stands under ``revision``.

        Raises:
            Lost: another revision stands there.
            BusAway: NATS does not answer.
        """
        try:
            await (await self._open()).delete(key, last=revision)
        except (KeyWrongLastSequenceError, KeyDeletedError, KeyNotFoundError) as e:
            raise Lost(key) from e
        except APIError as e:
            if e.err_code == _WRONG_LAST_SEQUENCE:
                raise Lost(key) from e
            raise BusAway(f"{self._type.bucket}: {e!r}") from e
        except _AWAY as e:
            raise BusAway(f"{self._type.bucket}: {e!r}") from e

    async def watch(self) -> AsyncGenerator[Snapshot[V] | Put[V] | Gone]:
        """First all there is, then each change; after a reconnection all there is, again."""
        renew = asyncio.Event()

        async def reconnected() -> None:
            renew.set()

        await self._bus.at_each_connection(reconnected)
        while True:
            renew.clear()
            with contextlib.suppress(*_AWAY, _Renewed):
                async for change in self._watch_until(renew):
                    yield change
            if not renew.is_set():
                await asyncio.sleep(0.2)

    async def _watch_until(
        self, renew: asyncio.Event
    ) -> AsyncIterator[Snapshot[V] | Put[V] | Gone]:
        updates = _Updates(await (await self._open()).watchall(), renew)
        try:
            yield Snapshot(await self._gather(updates))
            while True:
                entry = await updates.next()
                if entry:
                    yield self._change(entry)
        finally:
            await updates.close()

    async def _gather(self, updates: "_Updates") -> dict[str, Held[V]]:
        gathered = Gathered[Held[V]]()
        extent = await self._extent()
        while not gathered.reaches(extent):
            entry = await updates.next(within=_ASK_AGAIN_AFTER)
            if entry:
                change = self._change(entry)
                held = change.held if isinstance(change, Put) else None
                gathered.put(entry.key, entry.revision or 0, held)
            if entry is None or gathered.reaches(extent):
                extent = await self._extent()
        return gathered.all

    async def _extent(self) -> Extent:
        state = (await self._bus.js.stream_info(f"KV_{self._type.bucket}")).state
        return Extent(state.last_seq, state.messages)

    def _change(self, entry: KeyValue.Entry) -> Put[V] | Gone:
        value = None if entry.operation else self._decoded(entry.key, entry.value)
        # what was there before is not there any more, even where nobody can read what is
        return Put(entry.key, Held(value, entry.revision or 0)) if value else Gone(entry.key)

    def _decoded(self, key: str, data: bytes | None) -> V | None:
        try:
            return self._decoder.decode(unpacked(data or b""))
        except (msgspec.MsgspecError, ValueError) as e:
            logger.error(
                "a value that cannot be read is left aside", bucket=self._type.bucket, error=str(e)
            )
            return None

    async def _open(self) -> KeyValue:
        if self._kv is None:
            try:
                self._kv = await self._bus.js.key_value(self._type.bucket)
            except _AWAY as e:
                raise BusAway(f"{self._type.bucket}: {e!r}") from e
        return self._kv


_AWAY = (nats.errors.Error, APIError, OSError, TimeoutError)
_WRONG_LAST_SEQUENCE = 10071
_ASK_AGAIN_AFTER = 1.0


class _Renewed(Exception):
    """The connection was lost and is there again: what was watched may have gone on without us."""


class _Updates:
    """What comes of a bucket, one after the other."""

    def __init__(self, watcher: KeyValue.KeyWatcher, renew: asyncio.Event) -> None:
        self._watcher = watcher
        self._renewed = asyncio.create_task(renew.wait())

    async def next(self, within: float | None = None) -> KeyValue.Entry | None:
        """The next entry; None if none came in so many seconds, or the client thinks it has all.

        Raises:
            _Renewed: there will be no more.
        """
        updates = self._watcher._updates
        coming = asyncio.create_task(updates.get())
        try:
            await asyncio.wait(
                {coming, self._renewed}, timeout=within, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            coming.cancel()
        entry = coming.result() if coming.done() else None
        if self._renewed.done() or not isinstance(entry, KeyValue.Entry | None):
            raise _Renewed
        return entry

    async def close(self) -> None:
        self._renewed.cancel()
        with contextlib.suppress(*_AWAY):
            await self._watcher.stop()  # type: ignore[no-untyped-call]  # nats-py leaves it so


class Replica(Generic[V]):
    """A bucket's content in memory, kept up to date by `follow`."""

    def __init__(self, bucket: Bucket[V]) -> None:
        self._bucket = bucket
        self.all: dict[str, Held[V]] = {}
        self.known = asyncio.Event()
        """Set once the first snapshot is there."""

        self.changed = asyncio.Condition()

    def get(self, key: str) -> V | None:
        """The value under a key, as far as is known here."""
        held = self.all.get(key)
        return held.value if held else None

    async def follow(self) -> None:
        """Keep up, for ever."""
        async for change in self._bucket.watch():
            match change:
                case Snapshot(all=everything):
                    self.all = everything
                case Put(key, held):
                    self.all[key] = held
                case Gone(key):
                    self.all.pop(key, None)
            self.known.set()
            async with self.changed:
                self.changed.notify_all()
