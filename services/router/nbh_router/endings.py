"""Why labs ended, for those who come back to them. Pure: no clock, no socket, no globals."""

from collections.abc import Mapping

from nbh_kit.buckets import Held, Put, Snapshot
from nbh_proto import Lab
from nbh_proto.lab import StopReason
from nbh_router.table import Change

MOST = 1000

Endings = Mapping[str, StopReason]
"""By capability; those that ended last, oldest first."""


def after(endings: Endings, change: Change) -> Endings:
    """The endings after a change of the LABS bucket."""
    match change:
        case Put(held=Held(value=lab)):
            return _with(endings, lab)
        case Snapshot(all=everything):
            for held in everything.values():
                endings = _with(endings, held.value)
    return endings


def _with(endings: Endings, lab: Lab) -> Endings:
    if lab.why is None:
        return endings
    others = [(c, why) for c, why in endings.items() if c != lab.capability]
    return dict([*others[-MOST + 1 :], (lab.capability, lab.why)])
