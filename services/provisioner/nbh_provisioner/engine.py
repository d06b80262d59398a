"""What runs labs, in our words. `nbh_provisioner.engines` has the implementations.

EngineError
├── EngineDown     it does not answer; nothing is known
├── ImageMissing   there is no such image
├── NoSpace        the disk that containers are on is full
├── CannotAttach   this machine cannot mount into a lab that runs
├── Deaf           who comes to a frozen lab cannot be heard here
├── NotIsolated    labs cannot be kept apart from each other and from this machine
└── Refused        it answers, and says no: the lab cannot run
"""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

import msgspec

from nbh_kit.conditions import Contained, Mount
from nbh_proto.access import Reason
from nbh_proto.lab import Scarce


class EngineError(Exception):
    """A lab could not be run; ``str()`` is for the operator."""

    reason: ClassVar[Reason] = "engine-down"


class EngineDown(EngineError):
    """The engine does not answer."""


class ImageMissing(EngineError):
    """There is no such image."""

    reason = "image-missing"

    def __init__(self, image: str) -> None:
        super().__init__(f"there is no image {image}")
        self.image = image


class NoSpace(EngineError):
    """The disk that containers are on is full."""

    reason = "disk-full"


class CannotAttach(EngineError):
    """This machine cannot mount into a lab that runs: its kernel or a file system is too old."""


class NotIsolated(EngineError):
    """Labs cannot be kept apart from each other, from this machine and from private networks."""

    reason = "not-isolated"


class Refused(EngineError):
    """The engine cannot run this lab."""

    reason = "lab-died"


class Deaf(EngineError):
    """Who comes to a frozen lab cannot be heard here, so no lab may be frozen."""


class RunSpec(Contained, frozen=True, kw_only=True, omit_defaults=True):
    """All that decides how a lab runs; what is not here is nobody's choice. To it come the
    conditions of all that is contained, and the site's network.

    Its name is the last guard against two labs for one student (R-3).
    """

    egress: str
    """What it may reach beyond this machine (`nbh_proto.egress`)."""

    spare: bool = False
    """Whether its processes wait while others want the CPU, until `Engine.promote`."""


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A lab's container that runs."""

    name: str
    container: str
    """The engine's own id of it."""

    address: str
    """``host:port``."""

    process: int
    """Its first process, as this machine numbers it."""

    image: str = ""
    """The id of its image, as `Engine.image` told it."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A container of our site that the engine has, in whatever state."""

    name: str
    container: str
    labels: dict[str, str]
    running: Running | None
    """None if it does not run."""

    frozen: bool = False
    """Whether it stands still."""


class Hearing(NamedTuple):
    """Who wants to know of connections to labs. Both are called in the event loop."""

    knocked: Callable[[str], None]
    """Somebody begins a connection to the lab at this address, as in `Running`."""

    deaf: Callable[[], None]
    """Nothing is heard any more."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a lab's first process ended."""

    code: int | None
    """Its exit code, 128 and the number of the signal that ended it; None if nobody knows."""

    out_of_memory: bool = False

    def __str__(self) -> str:
        if self.out_of_memory:
            return "it ran out of memory"
        return "nobody knows how" if self.code is None else f"exit code {self.code}"


class Shortage(msgspec.Struct, frozen=True, kw_only=True):
    """A lab wanted more than it may have, and did not get it."""

    of: Scarce
    limit: int
    """What it may have: bytes, or processes and threads together."""

    times: int
    """How often since its container started."""


class Engine(Protocol):
    """Runs labs of one site. Each call takes some seconds at most, `stop` those it is given.

    Every method but `ended` and `shortages` raises `EngineDown` when the engine does not answer.
    """

    async def image(self, name: str) -> str:
        """The id of the image that has this name now.

        Raises:
            ImageMissing: none has.
        """

    async def made(self, name: str) -> datetime:
        """When the image that has this name now was made.

        Raises:
            ImageMissing: none has.
        """

    async def start(self, spec: RunSpec) -> Running:
        """Start a lab, or find it running. A container of that name which is another lab's, of an
        older lease, goes first.

        Raises:
            EngineError: it does not run, and nothing is left of it as far as the engine answers.
        """

    async def rename(self, running: Running, name: str) -> Running:
        """Give a lab that runs its unique name, or find that it has it. A container of that name
        which is another lab's, of an older lease, goes first.

        Raises:
            EngineError: nobody knows its name.
        """

    async def attach(self, running: Running, mount: Mount) -> None:
        """Mount a folder into a lab that runs, or find it mounted.

        Raises:
            CannotAttach: this machine cannot.
            EngineError: it is not mounted, for another reason.
        """

    async def check_attach(self, running: Running, mount: Mount) -> None:
        """Find out whether `attach` would work, and mount nothing.

        Raises:
            CannotAttach: this machine cannot.
        """

    async def promote(self, running: Running) -> None:
        """Let a spare lab have its share of the CPU, as far as that can be had."""

    async def stop(self, name: str, *, within: float) -> None:
        """End a lab and remove its container: SIGTERM, and SIGKILL after ``within`` seconds.
        Its id as `Running` has it will do as its name.

        Stopping an absent lab is not an error.
        """

    async def freeze(self, running: Running) -> None:
        """Let a lab stand still: its memory stays as it is, and who connects to it waits.

        Freezing a frozen lab is fine; `stop` ends it as any other.

        Raises:
            EngineError: nobody knows whether it stands still.
        """

    async def thaw(self, running: Running) -> None:
        """Let a lab go on where it was. Thawing one that does not stand still is fine.

        Raises:
            EngineError: nobody knows whether it goes on.
        """

    async def wake(self, running: Running) -> bool:
        """Let a frozen lab go on at once, if that can be had before the engine has been asked to
        `thaw` it, which must follow. Whether it goes on."""

    async def is_used(self, running: Running) -> bool:
        """Whether somebody has a connection to the lab, or waits for one to be taken."""

    async def hear(self, hearing: Hearing) -> None:
        """From now on tell whenever somebody begins a connection to a lab that is up, frozen or
        not. To be asked before each freezing; while it hears, that costs nothing.

        Raises:
            Deaf: it cannot be heard here.
        """

    async def storage(self) -> Path | None:
        """Where the engine keeps images and containers on disk; None if it does not."""

    async def secure(self) -> None:
        """Keep the labs that run apart, from now on, also where the rules for it were lost.

        Raises:
            NotIsolated: that cannot be done.
        """

    async def labs(self) -> list[Found]:
        """All containers of our site, running or not; never one of another site."""

    def shortages(self, running: Running) -> AsyncGenerator[Shortage]:
        """Each time that a lab is refused more than it may have, from now on: an event, no poll.

        What happens while nobody waits for the next one is one. A lab that nothing can be seen of
        lacks nothing.
        """

    async def run(self, contained: Contained, *, within: float) -> Ending:
        """Run something that is no lab to its end, without any network and with nothing to write
        to but its mounts and ``/tmp``. Nothing is left of it, whatever comes.

        Raises:
            TimeoutError: it took more than so many seconds, and was ended.
            EngineError: it cannot be run.
        """

    async def remove_leftovers(self) -> None:
        """End and remove what is left of containers of our site that the engine does not know any
        more, and of those that `run` ran. To be called while nothing is started or stopped."""

    async def ended(self, running: Running) -> None:
        """Return when the lab's first process has ended, at once: an event, no poll, no call."""

    async def ending(self, running: Running) -> Ending:
        """How the lab's first process ended."""

    async def log(self, name: str) -> str:
        """The last lines that a lab of this name or id wrote; empty if there are none."""

    async def close(self) -> None:
        """Let go of the engine; labs live on."""
