"""Which labs are there, and on which nodes. No clock, no socket."""

from nbh_kit.buckets import Gone, Put, Snapshot
from nbh_proto import Lab, lab_key
from nbh_proto.buckets import LabState
from nbh_router.table import Change

_GOES_ON: tuple[LabState, ...] = ("starting", "ready", "frozen")


class Present:
    """All labs of the bucket LABS, by key."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, LabState]] = {}

    def heed(self, change: Change) -> None:
        """Take a change of the bucket."""
        match change:
            case Snapshot(all=everything):
                self._found = {key: _of(held.value) for key, held in everything.items()}
            case Put(key, held):
                self._found[key] = _of(held.value)
            case Gone(key):
                self._found.pop(key, None)

    def has(self, course: str, student: str) -> bool:
        """Whether a student has a lab that goes on: one that stands still does, once asked."""
        found = self._found.get(lab_key(course, student))
        return found is not None and found[1] in _GOES_ON

    @property
    def nodes(self) -> frozenset[str]:
        """Where labs are, those of the pool too."""
        return frozenset(node for node, _ in self._found.values())


def _of(lab: Lab) -> tuple[str, LabState]:
    return lab.node, lab.state
