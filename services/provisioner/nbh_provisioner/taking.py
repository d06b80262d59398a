"""Takes over what students had in nbhosting 0.59, one workspace after the other."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import structlog

from nbh_kit.bus import Bus
from nbh_proto import CommandFailed, LeftOut, TakeWorkspace, WorkspaceTaken, now
from nbh_proto.moving import MOST_LEFT_OUT, TakeAnswer
from nbh_proto.streams import PATIENCE
from nbh_provisioner.accesses import Accesses
from nbh_provisioner.courses import Courses
from nbh_provisioner.disks import Disks
from nbh_provisioner.files import atomic, ledger, taking
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.beneath import open_beneath
from nbh_provisioner.files.failure import FilesError, told
from nbh_provisioner.files.ledger import Ledger
from nbh_provisioner.files.taking import Outcome
from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.rooms import Rooms

AT_ONCE = 2
"""Workspaces: students who work meanwhile want the disk too."""

logger = structlog.get_logger(__name__)


class _NotThere(Exception):
    """There is nothing to be taken where it is said to be."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Taking:
    """The handler of `TakeWorkspace`."""

    def __init__(
        self,
        bus: Bus,
        accesses: Accesses,
        courses: Courses,
        workspaces: Workspaces,
        disks: Disks,
        rooms: Rooms,
        owner: Owner | None,
    ) -> None:
        """``owner`` is who students' files belong to here."""
        self._bus = bus
        self._accesses = accesses
        self._courses = courses
        self._workspaces = workspaces
        self._disks = disks
        self._rooms = rooms
        self._owner = owner

    async def handle(self, command: TakeWorkspace) -> None:
        """Take one workspace over and tell what came of it; what was taken before stays so."""
        await self._bus.answer(command.answer_to, await self._outcome(command))

    async def _outcome(self, command: TakeWorkspace) -> TakeAnswer:
        if now() - command.at > PATIENCE:
            return _failed(command, "expired", "nobody could do it in time; import again")
        if short := await self._disks.short():
            return _failed(command, "disk-full", short)
        try:
            async with self._accesses.alone_with(command.course, command.student):
                await self._bound(command)
                outcome = await asyncio.to_thread(self._take, command)
        except _NotThere as e:
            return _failed(command, e.reason, str(e))
        except FilesError as e:
            return _failed(command, e.reason, str(e))
        logger.info("a workspace is taken over", copied=outcome.copied, known=outcome.known)
        return _taken(command, outcome)

    async def _bound(self, command: TakeWorkspace) -> None:
        """A course that is not here yet has no limits: its workspaces get them with a click."""
        course = await self._courses.find(command.course)
        if course is not None:
            await self._rooms.bound(command.student, course)

    def _take(self, command: TakeWorkspace) -> Outcome:
        workspace = f"{command.student}/{command.course}"
        is_there = self._workspaces.is_there(workspace)
        with (
            told(),
            _source(Path(command.students), workspace) as source,
            self._workspaces.housed(workspace) as (parent, root),
        ):
            # what was taken into one that is gone, with its course or by hand, is taken anew
            written = ledger.read(parent, command.course) if is_there else Ledger({})
            try:
                return taking.take(source, root, self._owner, written)
            finally:
                if written.has_changed:
                    # what is written down is on the disk
                    atomic.sync_file_system(root)
                    with contextlib.suppress(OSError):  # it is known by its size and its time
                        written.write(parent, command.course)


@contextlib.contextmanager
def _source(students: Path, workspace: str) -> Iterator[int]:
    """A workspace of the old system, open for the block.

    Raises:
        _NotThere: it cannot be opened.
    """
    try:
        root = os.open(students, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as e:
        why = f"{students}: {e.strerror}; the provisioner has to see the old root's folders"
        raise _NotThere("unseen", why) from e
    try:
        source = open_beneath(root, workspace, os.O_RDONLY | os.O_DIRECTORY, mounts=True)
    except OSError as e:
        raise _NotThere("not-there", f"{students}/{workspace}: {e.strerror}") from e
    finally:
        os.close(root)
    try:
        yield source
    finally:
        os.close(source)


def _failed(command: TakeWorkspace, reason: str, detail: str) -> CommandFailed:
    return CommandFailed(about=command.id, reason=reason, detail=detail)


def _taken(command: TakeWorkspace, outcome: Outcome) -> WorkspaceTaken:
    named = outcome.left_out[:MOST_LEFT_OUT]
    return WorkspaceTaken(
        about=command.id,
        copied=outcome.copied,
        size=outcome.size,
        known=outcome.known,
        beside=tuple(outcome.beside[:MOST_LEFT_OUT]),
        left_out=tuple(LeftOut(path=each.path, why=each.why) for each in named),
        left_out_more=len(outcome.left_out) - len(named),
    )
