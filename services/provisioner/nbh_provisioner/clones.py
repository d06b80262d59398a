"""Clones of courses, prepared where no student can reach them (C2, S-43).

Git runs as a user without rights, in a closed room (`nbh_provisioner.sandbox`), with literal
arguments, and never inside a folder that a student can write: there, hooks and configuration would
be the student's.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from nbh_provisioner import lab_paths, sandbox

WITHIN = 120.0
"""Seconds that one run of git may take."""

_ORIGIN = f'[remote "origin"]\n\turl = {lab_paths.MIRROR}\n'.encode()


class CloneFailed(Exception):
    """Git could not prepare a clone; ``str()`` is what it said, for the operator."""


def has_our_origin(config: bytes) -> bool:
    """Whether a repository fetches from the course's mirror, where a lab sees it."""
    return _ORIGIN in config


class Clones:
    """Prepares clones in a folder of its own."""

    def __init__(self, preparing: Path, uid: int | None) -> None:
        """Take the folder and who git runs as; None for whoever we are."""
        self._git = shutil.which("git")
        self._preparing = preparing
        self._uid = uid

    def forget_leftovers(self) -> None:
        """Remove what a crash left."""
        shutil.rmtree(self._preparing, ignore_errors=True)

    @asynccontextmanager
    async def clone(self, mirror: Path) -> AsyncGenerator[Path]:
        """A clone of a bare repository; its origin is the mirror as a lab sees it.

        Only we can reach it once it is there; it is removed after the block.

        Raises:
            CloneFailed: git says no, or took too long.
        """
        async with self._room() as room:
            seen = self._seen(room, mirror)
            options = ("--quiet", "--no-hardlinks", "--template=")
            await self._run(seen, "clone", *options, "--", seen.mirror, "repository")
            await self._set_origin(seen, "repository/.git/config")
            self._close(room)
            yield room / "repository"

    async def with_our_origin(self, config: bytes) -> bytes:
        """A repository's configuration, but with the mirror as its origin.

        Raises:
            CloneFailed: it is no configuration.
        """
        async with self._room() as room:
            file = room / "config"
            file.write_bytes(config)
            self._give(file)
            await self._set_origin(self._seen(room, None), "config")
            self._close(room)
            return file.read_bytes()

    async def _set_origin(self, seen: "_Seen", file: str) -> None:
        given = ("config", "--file", file, "--replace-all", "remote.origin.url")
        await self._run(seen, *given, lab_paths.MIRROR)

    @asynccontextmanager
    async def _room(self) -> AsyncGenerator[Path]:
        self._preparing.mkdir(mode=0o700, parents=True, exist_ok=True)
        room = self._preparing / secrets.token_hex(16)
        room.mkdir(mode=0o700)
        try:
            # Git refuses to read what belongs to somebody else, as the mirror may, unless told.
            (room / "gitconfig").write_text("[safe]\n\tdirectory = *\n")
            self._give(room)
            yield room
        finally:
            await asyncio.to_thread(shutil.rmtree, room, ignore_errors=True)

    def _seen(self, room: Path, mirror: Path | None) -> "_Seen":
        if self._git is None:
            raise CloneFailed("git is not installed")
        if self._uid is None:
            return _Seen(room, room, str(mirror), (self._git,))
        entering = (sys.executable, "-I", "-S", sandbox.__file__, str(self._uid), str(room))
        return _Seen(
            room,
            Path(sandbox.ROOM),
            sandbox.MIRROR,
            (*entering, "-" if mirror is None else str(mirror), self._git),
        )

    def _give(self, path: Path) -> None:
        if self._uid is not None:
            os.chown(path, self._uid, self._uid)

    def _close(self, room: Path) -> None:
        if self._uid is not None:
            os.chown(room, 0, 0)

    async def _run(self, seen: "_Seen", *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *seen.git,
            *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
            # The log of references would tell a student where the mirror was.
            *("-c", "core.logAllRefUpdates=false"),
            *arguments,
            cwd=seen.here,
            env=_environment(seen.inside),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            umask=0o022,
        )
        try:
            async with asyncio.timeout(WITHIN):
                _, said = await process.communicate()
        except TimeoutError as e:
            raise CloneFailed(f"git {arguments[0]} took longer than {WITHIN:.0f} s") from e
        finally:
            await _end(process)
        if process.returncode != 0:
            raise CloneFailed(f"git {arguments[0]}: {said.decode(errors='replace').strip()}")


class _Seen(NamedTuple):
    """A room, and how git sees it."""

    here: Path
    inside: Path
    mirror: str
    git: tuple[str, ...]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _environment(room: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(room),
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": str(room / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ALLOW_PROTOCOL": "file",
    }
