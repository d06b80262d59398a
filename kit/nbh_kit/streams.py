"""Makes sure that the streams and buckets of the protocol exist, as they are described there."""

import asyncio
import contextlib

import structlog
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NotFoundError

from nbh_proto import Value
from nbh_proto.buckets import BUCKETS
from nbh_proto.streams import ALL, Stream

logger = structlog.get_logger(__name__)

_BUCKET_BYTES = 256 * 1024**2
_DEDUPLICATE_SECONDS = 120.0
_LOOK_AGAIN = 0.1


async def make_sure(js: JetStreamContext) -> None:
    """Create or update every stream and bucket; idempotent, safe when several do it at once."""
    for stream in ALL:
        await _make_sure_of(js, _stream_config(stream))
    for bucket in BUCKETS:
        await _make_sure_of(js, _bucket_config(bucket))


async def unlike(js: JetStreamContext) -> list[str]:
    """The streams and buckets that are missing, or are otherwise than they are described."""
    wanted = [*map(_stream_config, ALL), *map(_bucket_config, BUCKETS)]
    return [config.name or "" for config in wanted if not await _is_like(js, config)]


async def _is_like(js: JetStreamContext, config: api.StreamConfig) -> bool:
    try:
        return not _differs((await js.stream_info(config.name or "")).config, config)
    except NotFoundError:
        return False


async def until_there(js: JetStreamContext) -> None:
    """Return once others have made every stream and bucket."""
    missing = [stream.name for stream in ALL] + [f"KV_{bucket.bucket}" for bucket in BUCKETS]
    # others make them, and nobody tells us
    while missing := [n for n in missing if not await _is_there(js, n)]:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_AGAIN)


async def _is_there(js: JetStreamContext, name: str) -> bool:
    try:
        await js.stream_info(name)
    except NotFoundError:
        return False
    return True


async def _make_sure_of(js: JetStreamContext, config: api.StreamConfig) -> None:
    assert config.name is not None
    try:
        there = (await js.stream_info(config.name)).config
    except NotFoundError:
        # Another service may be making it at this very moment, with the same configuration.
        with contextlib.suppress(APIError):
            await js.add_stream(config)
        await js.stream_info(config.name)
        return
    if _differs(there, config):
        logger.info("stream changes its limits", stream=config.name)
        await js.update_stream(config)


def _differs(there: api.StreamConfig, wanted: api.StreamConfig) -> bool:
    compared = ("subjects", "max_age", "max_bytes", "discard", "max_msgs_per_subject")
    return any(getattr(there, f) != getattr(wanted, f) for f in compared)


def _stream_config(stream: Stream) -> api.StreamConfig:
    return api.StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=(
            api.RetentionPolicy.WORK_QUEUE if stream.work_queue else api.RetentionPolicy.LIMITS
        ),
        max_age=stream.keep.total_seconds() if stream.keep else 0.0,
        max_bytes=stream.max_bytes,
        max_msgs_per_subject=-1,
        discard=(
            api.DiscardPolicy.OLD if stream.when_full == "oldest-goes" else api.DiscardPolicy.NEW
        ),
        duplicate_window=_DEDUPLICATE_SECONDS,
        storage=api.StorageType.FILE,
        allow_direct=True,
    )


def _bucket_config(bucket: type[Value]) -> api.StreamConfig:
    # The stream of a key-value bucket (ADR-8 of NATS): one value a key, deletions leave marks.
    return api.StreamConfig(
        name=f"KV_{bucket.bucket}",
        subjects=[f"$KV.{bucket.bucket}.>"],
        max_msgs_per_subject=1,
        max_bytes=_BUCKET_BYTES,
        discard=api.DiscardPolicy.NEW,
        allow_rollup_hdrs=True,
        deny_delete=True,
        allow_direct=True,
        storage=api.StorageType.FILE,
        max_age=bucket.keep.total_seconds() if bucket.keep else 0.0,
    )
