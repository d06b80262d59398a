"""Watches how much of the disk the students who work take, and tells who has no room left (S-35).

`nbh_provisioner.room` says what follows. A workspace is only counted while the disk fills and its
lab computes, or while it is full: who writes does both, and counting has its price.
"""

import asyncio
import itertools
from collections.abc import Iterable
from typing import Any

import structlog

from nbh_kit.bus import Bus
from nbh_proto import Event, Lab, WorkspaceFull, WorkspaceHasRoom, WorkspaceNearlyFull
from nbh_proto.workspace import Full
from nbh_provisioner import gauges, room
from nbh_provisioner.courses import Courses
from nbh_provisioner.disks import Shrinking
from nbh_provisioner.engine import Running
from nbh_provisioner.files.usage import DiskUsage
from nbh_provisioner.labs import Labs
from nbh_provisioner.room import Room, Seen, Taken, Verdict
from nbh_provisioner.rooms import Rooms

_LOOK_EVERY = 3.0
_ALL_EVERY = 10
"""Looks, after which everybody is looked at: one may write what another deletes."""

_COMPUTED = 0.05
"""Seconds of the processor, within which nobody writes much."""

logger = structlog.get_logger(__name__)


class Watchdog:
    """The loop that looks at workspaces."""

    def __init__(
        self,
        labs: Labs,
        courses: Courses,
        rooms: Rooms,
        usage: DiskUsage,
        disk: Shrinking,
        bus: Bus,
    ) -> None:
        self._labs = labs
        self._courses = courses
        self._rooms = rooms
        self._usage = usage
        self._disk = disk
        self._bus = bus
        self._seen: dict[str, Seen] = {}
        self._computed: dict[str, float] = {}
        """How much the lab of a workspace had computed when that was last counted."""

        self._bounds: dict[str, Room] = {}
        """What workspaces were bounded to; a course may have got other limits since."""

        self._stopping: set[asyncio.Task[bool]] = set()

    async def watch(self) -> None:
        """Work for ever."""
        await self._labs.adopted.wait()
        for number in itertools.count():
            up = self._labs.up()
            is_time = self._disk.has_shrunk() or number % _ALL_EVERY == 0
            for lab, running in up:
                if is_time or self._is_full(_workspace(lab)):
                    await self._count(lab, running)
                await self._look(lab)
            self._forget_all_but(_workspace(lab) for lab, _ in up)
            await asyncio.sleep(_LOOK_EVERY)

    async def _count(self, lab: Lab, running: Running) -> None:
        workspace = _workspace(lab)
        course = await self._courses.find(lab.course)
        if course is None or not self._is_worth_counting(workspace, lab, running):
            return
        there = self._rooms.of(course)
        if self._bounds.get(workspace) != there:
            await self._rooms.bound(lab.student, course)
            self._bounds[workspace] = there
        self._usage.last(workspace, room.countable(there))

    async def _look(self, lab: Lab) -> None:
        workspace = _workspace(lab)
        taken, course = self._usage.known(workspace), await self._courses.find(lab.course)
        if taken is not None and course is not None:
            seen, there = self._seen.get(workspace), self._rooms.of(course)
            verdict = room.verdict(seen, lab.generation, taken, there)
            await self._carry_out(lab, taken, there, verdict)

    def _is_worth_counting(self, workspace: str, lab: Lab, running: Running) -> bool:
        if lab.state == "frozen":
            return False
        computed = gauges.cpu_seconds(running)
        if computed is None or self._is_full(workspace):
            return True
        # another lab of the same workspace begins anew
        if 0.0 <= computed - self._computed.get(workspace, -_COMPUTED) < _COMPUTED:
            return False
        self._computed[workspace] = computed
        return True

    def _is_full(self, workspace: str) -> bool:
        seen = self._seen.get(workspace)
        return seen is not None and seen.full is not None

    async def _carry_out(self, lab: Lab, taken: Taken, there: Room, verdict: Verdict) -> None:
        self._seen[_workspace(lab)] = verdict.seen
        match verdict.tell:
            case "full" if verdict.seen.full:
                await self._bus.tell_surely(WorkspaceFull(**_about(lab, verdict.seen.full)))
            case "nearly-full" if little := room.nearly_full(taken, there):
                await self._bus.tell_surely(WorkspaceNearlyFull(**_about(lab, little)))
            case "has-room":
                await self._bus.tell_surely(_has_room(lab))
        if verdict.stop:
            logger.warning(
                "a lab writes far more than it may", course=lab.course, student=lab.student
            )
            stopping = asyncio.create_task(self._labs.stop(lab.key, "disk-quota", lab.generation))
            self._stopping.add(stopping)
            stopping.add_done_callback(self._stopping.discard)

    def _forget_all_but(self, workspaces: Iterable[str]) -> None:
        """Who was told to be full is to hear when they are not, by a later lab."""
        up = set(workspaces)
        self._seen = {w: s for w, s in self._seen.items() if w in up or s.full}
        self._computed = {w: c for w, c in self._computed.items() if w in up}
        self._bounds = {w: r for w, r in self._bounds.items() if w in up}


def _workspace(lab: Lab) -> str:
    return f"{lab.student}/{lab.course}"


def _about(lab: Lab, full: Full) -> dict[str, Any]:
    of_what = {"of": full.of, "taken": full.taken, "limit": full.limit}
    return {"node": lab.node, "course": lab.course, "student": lab.student} | of_what


def _has_room(lab: Lab) -> Event:
    return WorkspaceHasRoom(node=lab.node, course=lab.course, student=lab.student)
