"""How often somebody may try before they have to wait (S-52). Pure: the clock is an argument."""

import ipaddress
from collections import OrderedDict
from typing import NamedTuple

_MOST_KEYS = 10_000


class Limit(NamedTuple):
    """So many tries in so many seconds."""

    tries: int
    seconds: float


class Throttle:
    """The tries of each of many keys, as far as they still count."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._tries: OrderedDict[str, tuple[float, ...]] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """Seconds until the next try; 0 if it may be now."""
        recent = self._recent(key, now)
        if len(recent) < self._limit.tries:
            return 0.0
        return recent[-self._limit.tries] + self._limit.seconds - now

    def count(self, key: str, now: float) -> None:
        """There is a try: told before it is known how it ends, or many at once would count as
        none."""
        self._tries[key] = (*self._recent(key, now), now)
        self._tries.move_to_end(key)
        if len(self._tries) > _MOST_KEYS:
            self._tries.popitem(last=False)

    def forget(self, key: str) -> None:
        """It was the right person."""
        self._tries.pop(key, None)

    def _recent(self, key: str, now: float) -> tuple[float, ...]:
        return tuple(at for at in self._tries.get(key, ()) if at > now - self._limit.seconds)


class Throttles:
    """Both ways to try many passwords: of one account, and from one address."""

    def __init__(self, of_account: Limit, from_address: Limit) -> None:
        self._of_account = Throttle(of_account)
        self._from_address = Throttle(from_address)

    def wait(self, account: str, address: str, now: float) -> float:
        """Seconds until somebody at an address may try a password of an account."""
        return max(
            self._of_account.wait(account, now),
            self._from_address.wait(neighbourhood(address), now),
        )

    def count(self, account: str, address: str, now: float) -> None:
        """They try."""
        self._of_account.count(account, now)
        self._from_address.count(neighbourhood(address), now)

    def forget(self, account: str) -> None:
        """An account's person was there, or it has another password. An address's tries go on
        counting: who has one account must not have endless tries of others."""
        self._of_account.forget(account)


def neighbourhood(address: str) -> str:
    """The address, or the network of IPv6 that is one household's."""
    try:
        there = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if there.version == 4:
        return address
    return str(ipaddress.ip_network((there, 64), strict=False))
