"""Calls of the bus that have to succeed, however long NATS is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from nbh_kit.buckets import Lost
from nbh_kit.bus import BusAway

R = TypeVar("R")

_PAUSE = 0.25

logger = structlog.get_logger(__name__)


async def surely(call: Callable[[], Awaitable[R]]) -> R:
    """Call until NATS answers and nobody interferes: a `Lost` call looks again."""
    waited = False
    while True:
        try:
            return await call()
        except BusAway as e:
            if not waited:
                logger.warning("waiting for NATS", error=str(e))
            waited = True
            await asyncio.sleep(_PAUSE)
        except Lost:
            await asyncio.sleep(0)
