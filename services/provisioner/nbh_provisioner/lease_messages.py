"""What happens to a lab, and what is to be done about it: the words of `nbh_provisioner.lease`."""

from datetime import datetime
from typing import Literal

import msgspec

from nbh_proto import Event, Lab
from nbh_proto.access import Reason, Way
from nbh_proto.lab import FreezeReason, Scarce, StopReason

FreezeOutcome = Literal["frozen", "in-use", "nothing", "impossible", "failed"]
"""How a wish to freeze a lab ended; ``nothing``: there was nothing to freeze; ``impossible``: no
lab is frozen on this machine."""


class _Value(msgspec.Struct, frozen=True):
    pass


# What happens


class Wanted(_Value, frozen=True):
    """A student wants a lab. ``lab`` is the one to start if there is none."""

    lab: Lab


class Leased(_Value, frozen=True):
    """The lease is ours; its revision is the generation."""

    generation: int


class LeaseRefused(_Value, frozen=True):
    """Somebody else has the lease."""

    detail: str


class Claimed(_Value, frozen=True):
    """The lease is ours, for this lab of the pool."""

    lab: Lab


class Unclaimed(_Value, frozen=True):
    """The lab of the pool could not become the student's."""

    capability: str


class Placed(_Value, frozen=True):
    """The container runs."""

    capability: str
    container: str
    address: str
    commit: str
    """The revision that it mounts."""


class Answered(_Value, frozen=True):
    """The lab answers HTTP, and came to be in this way."""

    capability: str
    way: Way = "cold"


class Failed(_Value, frozen=True):
    """The lab could not be started; or not be frozen, or thawed, and nobody knows."""

    capability: str
    reason: Reason
    detail: str


class Ended(_Value, frozen=True):
    """The container's process has ended, however."""

    capability: str
    how: str
    out_of_memory: bool = False


class RanShort(_Value, frozen=True):
    """The lab wanted more than it may have, so often since its container started; it goes on."""

    capability: str
    of: Scarce
    limit: int
    times: int


class FreezeAsked(_Value, frozen=True):
    """Somebody wants the lab frozen: this generation, or 0 for whichever it is."""

    reason: FreezeReason
    generation: int = 0
    idle_since: datetime | None = None


class Frozen(_Value, frozen=True):
    """The lab stands still, and nobody has a connection to it."""

    capability: str


class NotFrozen(_Value, frozen=True):
    """The lab is in use, or may not be frozen."""

    capability: str
    outcome: FreezeOutcome
    detail: str


class Knocked(_Value, frozen=True):
    """Somebody begins a connection to a lab that is frozen, or about to be."""

    capability: str


class Awake(_Value, frozen=True):
    """The lab goes on already, while the engine is still being asked to thaw it."""

    capability: str


class Thawed(_Value, frozen=True):
    """The lab goes on where it was."""

    capability: str


class StopAsked(_Value, frozen=True):
    """Somebody wants the lab stopped: this generation, or 0 for whichever it is.

    For ``memory`` only a frozen lab is stopped: one that was thawed meanwhile is in use.
    """

    reason: StopReason
    generation: int = 0


class Gone(_Value, frozen=True):
    """The container is removed, and all that was the lab's alone."""

    capability: str


class Stuck(_Value, frozen=True):
    """The container could not be removed, or thawed, so far."""

    capability: str
    reason: Reason
    detail: str


class BucketLost(_Value, frozen=True):
    """NATS came back, perhaps without what it had."""


Message = (
    Wanted
    | Leased
    | LeaseRefused
    | Claimed
    | Unclaimed
    | Placed
    | Answered
    | Failed
    | Ended
    | RanShort
    | FreezeAsked
    | Frozen
    | NotFrozen
    | Knocked
    | Awake
    | Thawed
    | StopAsked
    | Gone
    | Stuck
    | BucketLost
)


# What is to be done about it


class TakeLease(_Value, frozen=True):
    """Take the lease for this lab, or one of the pool in its stead; then `Leased`, `Claimed` or
    `LeaseRefused`."""

    lab: Lab


class MakeTheirs(_Value, frozen=True):
    """Make this lab of the pool the student's: `Answered` or `Unclaimed`."""

    lab: Lab


class Begin(_Value, frozen=True):
    """Start the container and wait for its first answer: `Placed`, `Answered` or `Failed`."""

    lab: Lab


class Write(_Value, frozen=True):
    """Make this the lease's value."""

    lab: Lab


class DropLease(_Value, frozen=True):
    """Let the key be absent."""


class Tell(_Value, frozen=True):
    """Tell everybody."""

    event: Event


class Serve(_Value, frozen=True):
    """Give the lab to all who wait for it, and tell them how it came to be there."""

    lab: Lab
    way: Way


class Refuse(_Value, frozen=True):
    """Tell all who wait that there will be no lab."""

    reason: Reason
    detail: str


class Remove(_Value, frozen=True):
    """Stop whatever is being done for the lab and remove it: `Gone`, or `Stuck` until it works."""

    lab: Lab
    gently: bool
    """Whether it gets time to save."""


class Freeze(_Value, frozen=True):
    """Let the lab stand still, unless somebody has a connection to it, and hear who comes to it
    from then on: `Frozen` or `NotFrozen`, and `Knocked`."""

    lab: Lab


class FreezeOver(_Value, frozen=True):
    """Tell these who wanted the lab frozen how that ended."""

    asked: tuple[FreezeAsked, ...]
    outcome: FreezeOutcome
    detail: str = ""


class Thaw(_Value, frozen=True):
    """Let the lab go on, whether it stands still or not: `Thawed`, or `Stuck` until it works."""

    lab: Lab


Effect = (
    TakeLease
    | MakeTheirs
    | Begin
    | Write
    | DropLease
    | Tell
    | Serve
    | Refuse
    | Freeze
    | FreezeOver
    | Thaw
    | Remove
)
