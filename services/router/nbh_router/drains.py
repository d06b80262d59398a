"""Whether nobody new gets a lab (E-6): a replica of the DRAINS bucket."""

import asyncio
from collections.abc import Callable
from datetime import datetime, tzinfo

from nbh_kit.buckets import Replica
from nbh_proto import Drain, names
from nbh_router.beginning import Known

_SOON = 60
_LONG = 3600


class Drains:
    """Answers about drains, also before the first is known: then there is none."""

    def __init__(self, node: str, nodes: Callable[[], frozenset[str]]) -> None:
        """Take this site's own node, and who knows on which nodes labs are."""
        self._node = node
        self._nodes = nodes
        self._replica: Replica[Drain] | None = None
        self.known = Known()
        """Whether the bucket was read once."""

    async def follow(self, replica: Replica[Drain]) -> None:
        """Answer from this replica, and keep it up to date, for ever."""
        self._replica = replica
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(replica.follow())
            await replica.known.wait()
            self.known.set()

    def everywhere(self) -> Drain | None:
        """Why nobody new gets a lab: each node is being drained; the one that is back last.

        None while there is a node that takes somebody.
        """
        drains = self._replica.all if self._replica else {}
        if not drains:
            return None
        keys = {names.token(node) for node in self._nodes() | {self._node}}
        if not keys <= drains.keys():
            return None
        return max((drains[key].value for key in keys), key=_how_long)


def back(drain: Drain, now: datetime, zone: tzinfo) -> str:
    """When it should be over, as a page says it; empty if nobody said, or it is over already."""
    if drain.back is None or drain.back <= now:
        return ""
    there, here = drain.back.astimezone(zone), now.astimezone(zone)
    form = "%H:%M" if there.date() == here.date() else "%Y-%m-%d %H:%M"
    return f"{there:{form}} ({zone})"


def retry(drain: Drain, now: datetime) -> int:
    """Seconds after which a program should come back (RFC 9110, 10.2.3)."""
    if drain.back is None:
        return _SOON
    return round(min(max((drain.back - now).total_seconds(), _SOON), _LONG))


def _how_long(drain: Drain) -> float:
    return drain.back.timestamp() if drain.back else float("inf")
