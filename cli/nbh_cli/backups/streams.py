"""JetStream's own snapshots of streams and buckets: messages with their numbers, and consumers.

NATS makes one of a stream while it is written to, and makes the stream again from it. Its messages
keep their numbers; the stream itself has another time of creation then, which is its name for who
noted how far it was read (ADR 8).
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Any

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.js.errors import APIError

from nbh_cli.backups.store import Store, pieces
from nbh_proto import now
from nbh_proto.buckets import BUCKETS
from nbh_proto.streams import ALL

NAMES = (*(stream.name for stream in ALL), *(f"KV_{bucket.bucket}" for bucket in BUCKETS))

_CHUNK = 128 * 1024
_WITHIN = 60.0
_ENDED = "204"
"""The status of the message after the last; another one is an error."""


class StreamTrouble(RuntimeError):
    """NATS does not hand out a stream, or does not take one."""

    def __init__(self, stream: str, why: object) -> None:
        super().__init__(f"NATS, stream {stream}: {why}")


class KeptStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream in a backup."""

    name: str
    config: dict[str, Any]
    state: dict[str, Any]
    object: str
    """The digest of NATS' snapshot of it."""

    messages: int
    created: datetime


async def keep(client: Client, store: Store, stream: str) -> KeptStream:
    """Keep a stream as it is now.

    Raises:
        StreamTrouble: NATS has none of that name, or broke off.
        Unwritable: the store takes no more.
    """
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    try:
        asked = {"deliver_subject": inbox, "no_consumers": False, "chunk_size": _CHUNK}
        told = await _asked(client, stream, f"$JS.API.STREAM.SNAPSHOT.{stream}", asked)
        with store.writing() as kept:
            async with aclosing(_chunks(stream, subscription)) as chunks:
                async for chunk in chunks:
                    kept.write(chunk)
    finally:
        await subscription.unsubscribe()
    return KeptStream(
        name=stream,
        config=told["config"],
        state=told["state"],
        object=kept.digest,
        messages=told["state"].get("messages", 0),
        created=await _created(client, stream),
    )


async def restore(client: Client, store: Store, kept: KeptStream) -> datetime:
    """Make a stream that is not there as it was; the time of creation that it has now.

    Raises:
        StreamTrouble: it is there, or NATS does not take it.
    """
    given = {"config": kept.config, "state": kept.state}
    told = await _asked(client, kept.name, f"$JS.API.STREAM.RESTORE.{kept.name}", given)
    with store.opened(kept.object) as file:
        for chunk in pieces(file, _CHUNK):
            await _sent(client, kept.name, told["deliver_subject"], chunk)
    made = await _sent(client, kept.name, told["deliver_subject"], b"")
    if (messages := made.get("state", {}).get("messages", 0)) != kept.messages:
        raise StreamTrouble(kept.name, f"{messages} of {kept.messages} messages came back")
    return await _created(client, kept.name)


async def _created(client: Client, stream: str) -> datetime:
    try:
        return (await client.jetstream().stream_info(stream)).created or now()
    except (nats.errors.Error, APIError) as e:
        raise StreamTrouble(stream, repr(e)) from e


async def _chunks(stream: str, subscription: Subscription) -> AsyncGenerator[bytes]:
    while True:
        try:
            message = await subscription.next_msg(timeout=_WITHIN)
        except nats.errors.TimeoutError as e:
            raise StreamTrouble(stream, "the snapshot broke off") from e
        if not message.data:
            status = (message.headers or {}).get("Status", _ENDED)
            if status != _ENDED:
                raise StreamTrouble(stream, f"the snapshot broke off: {status}")
            return
        yield message.data
        # it sends no more than some that nobody has heard of
        if message.reply:
            await message.respond(b"")


async def _sent(client: Client, stream: str, subject: str, chunk: bytes) -> dict[str, Any]:
    try:
        answer = await client.request(subject, chunk, timeout=10 * _WITHIN)
    except nats.errors.Error as e:
        raise StreamTrouble(stream, repr(e)) from e
    return _read(stream, answer.data)


async def _asked(
    client: Client, stream: str, subject: str, given: dict[str, Any]
) -> dict[str, Any]:
    try:
        answer = await client.request(subject, msgspec.json.encode(given), timeout=_WITHIN)
    except nats.errors.Error as e:
        raise StreamTrouble(stream, repr(e)) from e
    return _read(stream, answer.data)


def _read(stream: str, answer: bytes) -> dict[str, Any]:
    told = msgspec.json.decode(answer, type=dict[str, Any]) if answer else {}
    if error := told.get("error"):
        raise StreamTrouble(stream, error.get("description", error))
    return told
