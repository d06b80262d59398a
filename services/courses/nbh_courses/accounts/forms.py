"""Reads what a form of ours sends, and not more."""

import asyncio
from urllib.parse import parse_qsl

from starlette.requests import Request

_MOST_BYTES = 8 * 1024
"""Three passwords of the longest kind, percent-encoded, do not fit; nobody types them."""

_MOST_FIELDS = 8
_WITHIN = 10.0


class TooMuch(Exception):
    """It is too large, too slow, or no form."""


async def fields(request: Request) -> dict[str, str]:
    """The fields by name.

    Raises:
        TooMuch: it is none of our forms.
    """
    try:
        async with asyncio.timeout(_WITHIN):
            body = await _body(request)
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except (TimeoutError, ValueError) as e:
        raise TooMuch from e
    return dict(pairs)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise TooMuch
    return body
