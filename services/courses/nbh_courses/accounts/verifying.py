"""Hashes and checks passwords beside the event loop, two at a time (S-52).

Each takes 64 MiB and much of a processor: many people who sign in at once must not be an outage.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nbh_kit import passwords

_AT_ONCE = 2
_MOST_WAITING = 32

T = TypeVar("T")


class Busy(Exception):
    """So many wait that one more would wait for long."""


class Verifier:
    """Whoever needs a password checked asks here."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
        self._asked = 0
        self._decoy = passwords.hashed(secrets.token_hex(32))

    async def is_right(self, password: str, hash_: str | None) -> bool:
        """Whether it is the password that was hashed; for no hash, no, after the same time.

        Raises:
            Busy: ask again in a moment.
        """
        if passwords.is_too_long(password):
            return False
        right = await self._do(lambda: passwords.is_right(password, hash_ or self._decoy))
        return right and hash_ is not None

    async def hashed(self, password: str) -> str:
        """What is kept instead of it.

        Raises:
            Busy: ask again in a moment.
        """
        return await self._do(lambda: passwords.hashed(password))

    async def _do(self, work: Callable[[], T]) -> T:
        if self._asked >= _AT_ONCE + _MOST_WAITING:
            raise Busy
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._asked -= 1
