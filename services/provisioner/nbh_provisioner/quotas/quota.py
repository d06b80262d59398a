"""What is asked of a file system that keeps students within their share."""

import os
from typing import NamedTuple, Protocol

from nbh_provisioner.room import Room


class Counted(NamedTuple):
    """What a workspace takes, as its file system counts."""

    bytes: int
    files: int | None = None
    """Folders too; None where it does not count them."""


class Quota(Protocol):
    """Keeps each workspace within its room. All calls block; folders are open ones."""

    name: str
    """As in the configuration."""

    def make(self, parent: int, name: str) -> None:
        """Make the folder of a new workspace, such that it can be bounded.

        Raises:
            OSError: as mkdir(2).
        """

    def bound(self, workspace: int, room: Room) -> None:
        """From now on let nothing more be written to a workspace than that, as far as its file
        system can. What is there stays, also where it is more.

        Raises:
            OSError: it is not bounded.
        """

    def taken(self, workspace: int) -> Counted | None:
        """What a workspace takes; None where its file system does not know.

        Raises:
            OSError: the workspace is gone.
        """

    def settle(self, workspace: int) -> None:
        """Have what was deleted counted as such, for who waits to write again.

        Raises:
            OSError: as fsync(2).
        """


class Watched:
    """Keeps nobody within anything: what they take is counted, and `watchdog` sees to it."""

    name = "watchdog"

    def make(self, parent: int, name: str) -> None:
        os.mkdir(name, 0o755, dir_fd=parent)

    def bound(self, workspace: int, room: Room) -> None:
        pass

    def taken(self, workspace: int) -> Counted | None:
        return None

    def settle(self, workspace: int) -> None:
        pass
