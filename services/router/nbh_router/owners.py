"""Whose a lab is, by its capability. No clock, no socket."""

from typing import NamedTuple

from nbh_kit.buckets import Gone, Put, Snapshot
from nbh_proto import Lab
from nbh_router.table import Change


class Owner(NamedTuple):
    """Whose a lab is, and where."""

    course: str
    student: str
    node: str


class Owners:
    """Those of all labs that are somebody's.

    A lab of the pool that somebody claims has another key from then on, and the same capability.
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, Owner]] = {}
        """By capability: the key under which it is known."""

        self._capabilities: dict[str, str] = {}
        """By key."""

    def follow(self, change: Change) -> None:
        """Take a change of the LABS bucket."""
        match change:
            case Snapshot(all=everything):
                self._found.clear()
                self._capabilities.clear()
                for key, held in everything.items():
                    self._put(key, held.value)
            case Put(key, held):
                self._remove(key)
                self._put(key, held.value)
            case Gone(key):
                self._remove(key)

    def of(self, capability: str) -> Owner | None:
        """Whose it is; None if it is nobody's, or not known."""
        found = self._found.get(capability)
        return found[1] if found else None

    def _put(self, key: str, lab: Lab) -> None:
        if lab.state != "pooled":
            self._found[lab.capability] = (key, Owner(lab.course, lab.student, lab.node))
            self._capabilities[key] = lab.capability

    def _remove(self, key: str) -> None:
        capability = self._capabilities.pop(key, None)
        if capability is not None and self._found.get(capability, ("",))[0] == key:
            del self._found[capability]
