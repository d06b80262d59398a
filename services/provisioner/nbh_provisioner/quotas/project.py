"""Project quotas, of XFS and of ext4: each workspace is a project, with what is in it.

Of bytes and of files. Whose project a workspace is stands in the file system alone, with the
workspace; it is a number that nobody else has there. A student cannot change it: that takes the
rights of the machine's own root, and labs have user namespaces of their own.

What was there before becomes of a project when its lab next starts, or is first looked at.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator

from nbh_provisioner.files.beneath import folder
from nbh_provisioner.quotas import project_calls
from nbh_provisioner.quotas.quota import Counted
from nbh_provisioner.room import Room

_FIRST, _LAST = 2**20, 2**31
"""Operators number their own projects from 1 on (projects(5))."""

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Project:
    """Project quotas of one file system, where they are enforced."""

    name = "project"

    def make(self, parent: int, name: str) -> None:
        os.mkdir(name, 0o755, dir_fd=parent)
        with folder(parent, name) as made, contextlib.suppress(OSError):
            # Without a project it is given one when it is bounded.
            project_calls.set_project(made, _free(made), inherit=True)

    def bound(self, workspace: int, room: Room) -> None:
        project = project_calls.project(workspace) or _given(workspace)
        project_calls.limit(workspace, project, room.bytes, room.files)

    def taken(self, workspace: int) -> Counted | None:
        if not (project := project_calls.project(workspace)):
            return None
        usage = project_calls.usage(workspace, project)
        return Counted(usage.bytes, usage.files)

    def settle(self, workspace: int) -> None:
        pass


def _free(place: int) -> int:
    """A number that no project has, on the file system of a folder."""
    while True:
        project = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if project_calls.usage(place, project) == (0, 0, False):
            return project


def _given(workspace: int) -> int:
    """Make a workspace of a project of its own, with all that is in it.

    Itself comes last: until then a crash leaves it to the next attempt, which begins anew. What
    its student makes meanwhile is seen the second time.
    """
    project = _free(workspace)
    _give_all(workspace, project)
    project_calls.set_project(workspace, project, inherit=True)
    _give_all(workspace, project)
    return project


def _give_all(workspace: int, project: int) -> None:
    waiting = [""]
    while waiting:
        path = waiting.pop()
        with contextlib.suppress(OSError), folder(workspace, path) as here:
            if path:
                project_calls.set_project(here, project, inherit=True)
            names = _given_files(here, project)
            waiting += [f"{path}/{name}" if path else name for name in names]


def _given_files(here: int, project: int) -> Iterator[str]:
    """Give a folder's files to a project; the names of the folders in it.

    Links and pipes stay nobody's: they take next to nothing, and must not be opened.
    """
    with os.scandir(here) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    yield entry.name
                elif stat.S_ISREG(mode):
                    _give(here, entry.name, project)


def _give(here: int, name: str, project: int) -> None:
    file = os.open(name, _FLAGS, dir_fd=here)
    try:
        if project_calls.project(file) != project:
            project_calls.set_project(file, project, inherit=False)
    finally:
        os.close(file)
