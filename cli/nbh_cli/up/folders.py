"""The folders under ``site.data`` and ``site.run``, with their owners and modes. Idempotent."""

import os
import secrets
from pathlib import Path
from typing import NamedTuple

from nbh_kit.config import Config

NATS_USERS = ("router", "provisioner", "courses", "builder", "reaper", "stats", "operator")
"""Who has a password of its own for NATS (S-39)."""


class Unfinished(RuntimeError):
    """What is in ``site.data`` is a part of a backup."""

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"a backup was not restored to its end into {data}: run `nbh restore` again"
        )


class Folder(NamedTuple):
    """A folder, who owns it, and what others may do there."""

    path: Path
    mode: int
    uid: int = 0
    gid: int = 0
    ours: bool = False
    """Whether all that is in it belongs to ``uid`` too: then a changed uid is followed."""


def layout(config: Config) -> tuple[Folder, ...]:
    """Every folder that exists before anything starts (DESIGN.md, files on disk)."""
    data, run = config.site.data, config.site.run
    nats, stats = config.uid_of("nats"), config.uid_of("stats")
    router, traefik, courses = (config.uid_of(r) for r in ("router", "traefik", "courses"))
    return (
        Folder(data, 0o711),
        Folder(data / "secrets", 0o700),
        Folder(data / "students", 0o700),
        Folder(data / "labs", 0o711),
        Folder(data / "local", 0o755),
        # found by their names, which are secrets, and listed by nobody
        Folder(data / "snapshots", 0o711),
        Folder(data / "builder", 0o700),
        Folder(data / "nats", 0o700, nats, nats, ours=True),
        Folder(data / "clickhouse", 0o700, stats, stats, ours=True),
        Folder(data / "courses", 0o755, courses, courses, ours=True),
        Folder(data / "accounts", 0o700, courses, courses, ours=True),
        # the group bit hands Traefik what the router writes, and nobody else
        Folder(data / "traefik", 0o2750, router, traefik),
        Folder(data / "acme", 0o700, traefik, traefik, ours=True),
        Folder(run, 0o711),
        Folder(run / "nats", 0o700, nats, nats),
    )


def unfinished(data: Path) -> Path:
    """A file that is there while a backup is being restored, and after that was interrupted."""
    return data / "restore.unfinished"


def check_that_they_are_whole(config: Config) -> None:
    """Make sure that what is there is not a part of a backup.

    Raises:
        Unfinished: it is.
    """
    if unfinished(config.site.data).exists():
        raise Unfinished(config.site.data)


def prepare(config: Config) -> None:
    """Make the folders and secrets that are missing, and mend the rights of those that are there.

    Raises:
        OSError: a folder cannot be made or given away.
    """
    for folder in layout(config):
        _make(folder)
    for service in ("router", "stats"):
        _make_secret(config.site.data / "secrets" / service)
    for who in NATS_USERS:
        _make_secret(config.password_file(who))


def _make(folder: Folder) -> None:
    folder.path.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        if folder.ours and folder.path.stat().st_uid != folder.uid:
            _give_away(folder)
        os.chown(folder.path, folder.uid, folder.gid)
    folder.path.chmod(folder.mode)


def _give_away(folder: Folder) -> None:
    # links themselves, not what they point to: a course's repository may hold any link
    for parent, folders, files in os.walk(folder.path):
        for name in (*folders, *files):
            os.chown(Path(parent, name), folder.uid, folder.gid, follow_symlinks=False)


def _make_secret(path: Path) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        path.chmod(0o600)
        return
    with os.fdopen(fd, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
