"""Where the time of one click goes: a trace for OpenTelemetry (E-3), if somebody collects them.

A click's id has the size of a trace's, and is it; the second half of it is the id of the span that
all others are in. So services need not tell each other: whoever works for a click, and has its id
bound for the log, adds a span to the same trace. Off, this is one comparison a span.

What is sent is OTLP over HTTP with JSON (opentelemetry.io, OTLP specification 1.x).
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog

from nbh_kit import asking, lines

_MOST = 2000
"""Spans that wait to be sent; more are lost: a click is worth more than its trace."""

_EVERY = 1.0
_INTERNAL, _SERVER = 1, 2
_ERROR = 2

logger = structlog.get_logger(__name__)


class Traces:
    """What one service sends to a collector, or to nobody."""

    def __init__(self, service: str, collector: str = "") -> None:
        """``collector`` is an address such as http://127.0.0.1:4318; empty for none."""
        self._service = service
        self._collector = collector
        self._waiting: deque[dict[str, Any]] = deque(maxlen=_MOST)

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """What is done in the block is a part of the click whose id is bound, if one is."""
        access = self._collector and lines.about().get("access")
        if not access:
            yield
            return
        began, is_well = time.time(), False
        try:
            yield
            is_well = True
        finally:
            status = {} if is_well else {"code": _ERROR}
            parent = {"parentSpanId": access[16:], "spanId": secrets.token_hex(8)}
            self._add(access, name, began, kind=_INTERNAL, status=status, **parent)

    def click(self, access: str, began: float, **about: str) -> None:
        """The whole of a click, which began then (Unix seconds) and has ended now."""
        if self._collector:
            attributes = [{"key": k, "value": {"stringValue": v}} for k, v in about.items()]
            more = {"spanId": access[16:], "attributes": attributes}
            self._add(access, "click", began, kind=_SERVER, **more)

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None]:
        """Send what there is from time to time while the block runs, and the rest at its end."""
        if not self._collector:
            yield
            return
        task = asyncio.create_task(self._send_for_ever())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})
            await self._send()

    def _add(self, access: str, name: str, began: float, **more: Any) -> None:
        times = {"startTimeUnixNano": _nanos(began), "endTimeUnixNano": _nanos(time.time())}
        self._waiting.append({"traceId": access, "name": name, **times, **more})

    async def _send_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            await self._send()

    async def _send(self) -> None:
        if not self._waiting:
            return
        spans = list(self._waiting)
        self._waiting.clear()
        url = urlsplit(self._collector)
        path = f"{url.path.rstrip('/')}/v1/traces"
        try:
            await asking.post(url.hostname or "", url.port or 80, path, self._body(spans))
        except (OSError, ValueError) as e:
            logger.warning("traces are lost", spans=len(spans), error=repr(e))

    def _body(self, spans: list[dict[str, Any]]) -> bytes:
        named = {"key": "service.name", "value": {"stringValue": f"nbhosting-{self._service}"}}
        scope = {"scope": {"name": "nbhosting"}, "spans": spans}
        resource = {"resource": {"attributes": [named]}, "scopeSpans": [scope]}
        return msgspec.json.encode({"resourceSpans": [resource]})


def _nanos(at: float) -> str:
    """OTLP's JSON writes numbers of 64 bits as strings."""
    return str(int(at * 1e9))
