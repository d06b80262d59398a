"""Finds a student in what the bus keeps: in streams, in dead letters, in buckets (S-55)."""

import base64
import binascii
from collections.abc import AsyncGenerator, Iterator
from typing import Any, NamedTuple

import msgspec
import nats.errors
from nats.js import api
from nats.js.errors import NotFoundError

from nbh_kit.bus import Bus
from nbh_proto import Lab, names
from nbh_proto.buckets import BUCKETS
from nbh_proto.packing import unpacked
from nbh_proto.streams import ALL, COMMANDS, Stream

_WITHIN = 10.0
_SECRETS = ("token", "capability", "password_hash", "answer_to")
"""What nobody is handed out, not even whose it is."""


class Said(NamedTuple):
    """A message that a stream keeps."""

    stream: str
    sequence: int
    subject: str
    message: dict[str, Any]


class Value(NamedTuple):
    """What stands in a bucket."""

    bucket: str
    key: str
    value: dict[str, Any]


def names_them(value: object, student: str) -> bool:
    """Whether a student's id stands somewhere in a value, as a whole. Pure."""
    match value:
        case str():
            return value == student
        case dict():
            return any(names_them(each, student) for each in value.values())
        case list():
            return any(names_them(each, student) for each in value)
        case _:
            return False


def without_secrets(value: Any) -> Any:
    """A value as it may be handed out. Pure."""
    match value:
        case dict():
            return {k: without_secrets(v) for k, v in value.items() if k not in _SECRETS}
        case list():
            return [without_secrets(each) for each in value]
        case _:
            return value


async def said(bus: Bus, student: str) -> AsyncGenerator[Said]:
    """Every message of any stream that names a student."""
    for stream in ALL:
        messages = _waiting(bus, stream) if stream is COMMANDS else _kept(bus, stream)
        async for sequence, subject, data in messages:
            message = _decoded(data)
            if any(names_them(each, student) for each in _within(message)):
                yield Said(stream.name, sequence, subject, message)


async def values(bus: Bus, student: str) -> AsyncGenerator[Value]:
    """Every value of any bucket that names a student."""
    for bucket in BUCKETS:
        kept = Stream(
            name=f"KV_{bucket.bucket}",
            subjects=(f"$KV.{bucket.bucket}.>",),
            keep=None,
            max_bytes=0,
            when_full="newest-refused",
        )
        async for _, subject, data in _kept(bus, kept):
            value = _decoded(unpacked(data))
            if names_them(value, student):
                yield Value(bucket.bucket, subject.split(".", 2)[2], value)


async def forget(bus: Bus, student: str) -> int:
    """Remove every message that names a student, and the marks of their labs; how many messages.
    NATS writes over what a message was."""
    gone = 0
    while found := [each async for each in said(bus, student)]:
        for each in found:
            await bus.js.delete_msg(each.stream, each.sequence)
        gone += len(found)
    await bus.js.purge_stream(
        f"KV_{Lab.bucket}", subject=f"$KV.{Lab.bucket}.*.{names.token(student)}"
    )
    return gone


async def _kept(bus: Bus, stream: Stream) -> AsyncGenerator[tuple[int, str, bytes]]:
    if not (await bus.js.stream_info(stream.name)).state.messages:
        return
    subscription = await bus.js.subscribe(
        stream.subjects[0],
        stream=stream.name,
        ordered_consumer=True,
        config=api.ConsumerConfig(deliver_policy=api.DeliverPolicy.ALL),
    )
    try:
        waiting = 1
        while waiting:
            raw = await subscription.next_msg(timeout=_WITHIN)
            waiting = raw.metadata.num_pending or 0
            yield raw.metadata.sequence.stream, raw.subject, raw.data
    except nats.errors.TimeoutError:  # the last ones went meanwhile
        return
    finally:
        await subscription.unsubscribe()


async def _waiting(bus: Bus, stream: Stream) -> AsyncGenerator[tuple[int, str, bytes]]:
    """Of a work queue, which has its consumers and takes no other."""
    sequence = 1
    while True:
        try:
            raw = await bus.js.get_msg(stream.name, seq=sequence, subject=">", next=True)
        except NotFoundError:
            return
        sequence = (raw.seq or 0) + 1
        yield raw.seq or 0, raw.subject or "", raw.data or b""


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data or b"{}", type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}


def _within(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A message, and the one that is in a dead letter."""
    yield message
    try:
        yield _decoded(base64.b64decode(message.get("data", ""), validate=True))
    except (TypeError, binascii.Error):
        return
