"""Whose request this is: a cookie, its session in the bucket SESSIONS, its account (S-50).

Used by every service that has pages or numbers at the ui origin. A session is on our side and ends
there; the browser holds its id, which is random, and the bucket that id's digest.
"""

import contextlib
import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from nbh_kit.buckets import Bucket, Lost
from nbh_kit.bus import Bus, BusAway
from nbh_proto import Account, Session, names, now
from nbh_proto.account import LONGEST_SESSION

COOKIE = "__Host-nbh"
"""With this prefix a browser takes it from our own host only, for all of it (RFC 6265bis)."""

IDLE = timedelta(minutes=60)
"""A session whose person asked for nothing for so long is over."""

_TOUCH = timedelta(minutes=5)
"""How exact ``seen`` is: to be here is not worth a write each time."""

_ID = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_BYTES = 32
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"


class Known(NamedTuple):
    """Somebody who is signed in."""

    account: Account
    id: str
    """Their session's; for their browser alone."""


class Sessions:
    """All sessions, as far as one service is concerned with them."""

    def __init__(self, bus: Bus) -> None:
        self._accounts = Bucket(bus, Account)
        self._sessions = Bucket(bus, Session)

    async def of(self, cookies: str, *, active: bool = True) -> Known | None:
        """Who sends a request with these cookies; None for nobody.

        ``active`` is whether a person asks, and not their page by itself: it keeps them signed in.

        Raises:
            BusAway: it cannot be known now.
        """
        id_ = id_in(cookies)
        held = await self._sessions.get(_key(id_)) if id_ else None
        if held is None:
            return None
        account = await self._accounts.get(names.token(held.value.account))
        at = now()
        if account is None or not is_alive(held.value, account.value, at):
            return None
        if active and at - held.value.seen > _TOUCH:
            # whoever is quicker has touched it too, or has ended it
            with contextlib.suppress(Lost, BusAway):
                seen = msgspec.structs.replace(held.value, seen=at)
                await self._sessions.update(_key(id_), seen, held.revision)
        return Known(account.value, id_)

    async def open(self, account: Account) -> str:
        """A new session of an account; its id.

        Raises:
            BusAway: there may be one that nobody knows.
        """
        id_, at = secrets.token_urlsafe(_BYTES), now()
        session = Session(
            account=account.account, password_set=account.password_set, since=at, seen=at
        )
        await self._sessions.create(_key(id_), session)
        return id_

    async def end(self, cookies: str) -> None:
        """End the session that a browser has, if it has one.

        Raises:
            BusAway: it may go on.
        """
        id_ = id_in(cookies)
        while id_ and (held := await self._sessions.get(_key(id_))):
            with contextlib.suppress(Lost):  # it was touched meanwhile
                await self._sessions.delete(_key(id_), held.revision)


def is_alive(session: Session, account: Account, at: datetime) -> bool:
    """Whether a session of an account is not over. Pure."""
    return (
        session.password_set == account.password_set
        and at - session.since < LONGEST_SESSION
        and at - session.seen < IDLE
    )


def id_in(cookies: str) -> str:
    """The id in a ``Cookie`` header; empty if there is none, or more than one. Pure."""
    pairs = (pair.strip().partition("=") for pair in cookies.split(";"))
    ids = [value for name, _, value in pairs if name == COOKIE]
    return ids[0] if len(ids) == 1 and _ID.fullmatch(ids[0]) else ""


def given(id_: str) -> str:
    """The ``Set-Cookie`` that hands an id to a browser. Pure."""
    return f"{COOKIE}={id_}; {_ATTRIBUTES}"


def taken() -> str:
    """The ``Set-Cookie`` that takes it back. Pure."""
    return f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}"


def _key(id_: str) -> str:
    return hashlib.sha256(id_.encode()).hexdigest()
