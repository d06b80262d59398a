"""Workspaces with a share of a file system that keeps it."""

from pathlib import Path

from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.quotas.quota import Quota
from nbh_provisioner.room import Room
from tests.provisioner.labs import OWNER

MIB = 1024**2
ROOM = Room(16 * MIB, 1000)


class Bounded:
    """Makes workspaces below a folder of students' files, each within its share."""

    def __init__(self, students: Path, quota: Quota) -> None:
        self._students = students
        self._quota = quota
        self._workspaces = Workspaces(students, OWNER, quota.make)

    def __call__(self, student: str = "ada", course: str = "python", room: Room = ROOM) -> Path:
        """Make one if it is not there, and bound it; returns its folder."""
        with self._workspaces.made(f"{student}/{course}") as folder:
            self._quota.bound(folder, room)
        return self._students / student / course
