"""Who may read what is secret, and whose the users are that services run as."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from nbh_cli.doctor.finding import Finding, error, ok
from nbh_kit.config import Config

_USERS = 6
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def secret_files(config: Config, file: Path) -> Iterator[Finding]:
    """Whether others can read keys and passwords; ``file`` is the configuration."""
    folder = config.site.data / "secrets"
    wanted = [folder, *(sorted(folder.iterdir()) if folder.is_dir() else [])]
    keys = [key for platform in config.platform for key in platform.keys]
    wanted += [key.secret_file for key in keys if key.secret_file]
    if any(key.secret for key in keys):
        wanted.append(file)
    open_ = [path for path in wanted if path.exists() and path.stat().st_mode & _OTHERS]
    for path in open_:
        yield error(
            "secrets",
            f"others can read {path} (mode {stat.S_IMODE(path.stat().st_mode):o})",
            f"chmod go= {path}; what is in it may be known by now: make it anew if in doubt",
        )
    if not open_:
        yield ok("secrets", "only their owner can read them")


def users(config: Config, name_of: Callable[[int], str | None]) -> Finding:
    """Whether the users that services run as belong to somebody else."""
    first = config.site.first_uid
    taken = {uid: name for uid in range(first, first + _USERS) if (name := name_of(uid))}
    if taken:
        said = ", ".join(f"{uid} is {name}" for uid, name in taken.items())
        return error(
            "users",
            f"services run as users {first} to {first + _USERS - 1}, and {said}",
            "set site.first_uid to six numbers that nobody has; files are given over at the start",
        )
    return ok("users", f"{first} to {first + _USERS - 1} are nobody else's")
