"""Reads what our own pages' buttons send."""

from urllib.parse import parse_qs

from starlette.requests import Request

from nbh_router.ticket import BadTicket

_MOST_BYTES = 8192


async def read(request: Request) -> dict[str, str]:
    """The fields of a form.

    Raises:
        BadTicket: it is none of ours: too long.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise BadTicket("too long")
    return {k: v[0] for k, v in parse_qs(body.decode("ascii", errors="replace")).items()}
