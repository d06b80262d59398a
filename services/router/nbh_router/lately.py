"""Whose a lab is, or was until lately. No clock, no socket."""

import math

from nbh_kit.buckets import Gone, Put, Snapshot
from nbh_proto import Lab
from nbh_router.owners import Owner
from nbh_router.table import Change

LATELY = 3600.0
"""Seconds for which the URL of a lab that ended still leads its student to their work. It opens no
lab and is no route any more: an ended lab's page alone asks by it."""

_MOST = 10_000


class Lately:
    """By capability."""

    def __init__(self) -> None:
        self._capabilities: dict[str, str] = {}
        """By key of the bucket."""

        self._there: dict[str, Owner] = {}
        self._gone: dict[str, tuple[Owner, float]] = {}
        """Who, and until when; who ended last is last."""

    def heed(self, change: Change, now: float) -> None:
        """Take a change of the LABS bucket; ``now`` in seconds of any steady clock."""
        match change:
            case Snapshot(all=everything):
                for key in self._capabilities.keys() - everything.keys():
                    self._ends(key, now)
                for key, held in everything.items():
                    self._is(key, held.value, now)
            case Put(key, held):
                self._is(key, held.value, now)
            case Gone(key):
                self._ends(key, now)

    def of(self, capability: str, now: float) -> Owner | None:
        """Whose lab has this capability, or had it lately."""
        if (owner := self._there.get(capability)) is not None:
            return owner
        owner, until = self._gone.get(capability, (None, -math.inf))
        return owner if now < until else None

    def _is(self, key: str, lab: Lab, now: float) -> None:
        if not lab.student:
            return
        if self._capabilities.get(key) != lab.capability:
            self._ends(key, now)
        self._capabilities[key] = lab.capability
        self._there[lab.capability] = Owner(lab.course, lab.student, lab.node)

    def _ends(self, key: str, now: float) -> None:
        capability = self._capabilities.pop(key, None)
        if capability is None:
            return
        self._gone[capability] = (self._there.pop(capability), now + LATELY)
        for oldest in list(self._gone)[:-_MOST]:
            del self._gone[oldest]
