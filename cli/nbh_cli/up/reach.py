"""Whether unprivileged users reach what they must read: the interpreter, our code, the data.

A checkout or an interpreter under /root is closed to everybody else. Such paths are shown to the
services in a mount namespace of their own (`nbh_cli.up.child`); what is closed itself is told.
"""

import importlib.util
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

_PACKAGES = ("nbh_proto", "nbh_kit", "nbh_router", "nbh_courses", "nbh_reaper", "nbh_stats")


class OutOfReach(PermissionError):
    """Something is closed to the services' users, and how to open it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} cannot be read by the users that the services run as; "
            f"run: chmod -R go+rX {path}"
        )
        self.path = path


def barrier(path: Path) -> Path | None:
    """The first folder above ``path`` that not everybody may pass; None if there is none."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def behind_barriers(paths: Iterable[Path]) -> tuple[tuple[Path, Path], ...]:
    """(barrier, path) of the paths that stand behind a closed folder."""
    found: list[tuple[Path, Path]] = []
    for path in sorted({p.resolve() for p in paths}):
        if (closed := barrier(path)) and not _is_in(path, (p for _, p in found)):
            found.append((closed, path))
    return tuple(found)


def code() -> tuple[Path, ...]:
    """The folders that our Python processes read from, now or later.

    Raises:
        OutOfReach: one is closed itself, as after a git clone under umask 077.
    """
    inside = {Path(sys.prefix), Path(sys.base_prefix)}
    found = (importlib.util.find_spec(name) for name in _PACKAGES)
    files = [Path(spec.origin) for spec in found if spec and spec.origin]
    folders = (*inside, *(f.parents[1] for f in files if not _is_in(f, inside)))
    for folder in folders:
        check_open(folder, stat.S_IROTH | stat.S_IXOTH)
    for file in files:
        check_open(file, stat.S_IROTH)
    return folders


def check_open(path: Path, wanted: int) -> None:
    """Make sure that everybody has the rights ``wanted`` on a path itself.

    Raises:
        OutOfReach: they have not.
    """
    if path.stat().st_mode & wanted != wanted:
        raise OutOfReach(path)


def _is_in(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
