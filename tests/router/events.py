"""Reads server-sent events as a browser does, without its patience."""

import asyncio
import contextlib
import html
import json
import re
from collections.abc import AsyncGenerator
from typing import Any

import httpx2

_EVENTS = re.compile(r'data-events="([^"]+)"')


def address_in(page: str) -> str:
    """Where the events of a progress page are."""
    found = _EVENTS.search(page)
    assert found, page
    return html.unescape(found[1])


class Events:
    """The events of one stream, as (kind, data)."""

    def __init__(self, lines: AsyncGenerator[str]) -> None:
        self._lines = lines
        self.ids: list[str] = []

    async def next(self, within: float = 10.0) -> tuple[str, Any]:
        """The next event; comments are skipped."""
        kind = ""
        async with asyncio.timeout(within):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                match name:
                    case "event":
                        kind = value
                    case "id":
                        self.ids.append(value)
                    case "data":
                        return kind, json.loads(value)
        raise EOFError("the stream has ended")

    async def end(self, within: float = 10.0) -> None:
        """Return when the stream ends, whatever else comes."""
        async with asyncio.timeout(within):
            async for _ in self._lines:
                pass


@contextlib.asynccontextmanager
async def events(browser: httpx2.AsyncClient, address: str, **more: Any) -> AsyncGenerator[Events]:
    """Listen while the block runs."""
    async with browser.stream("GET", address, **more) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Events(answer.aiter_lines())
