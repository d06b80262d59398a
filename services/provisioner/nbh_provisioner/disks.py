"""Whether there is room for somebody new on each file system that labs need (R-15)."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from nbh_provisioner.engine import Engine, EngineError

_NEXT_TO_NOTHING = 1024**2
_FREE_FILES = 0.01
"""The share of a file system's files that must be left, where their number is bounded."""


_OF_ENGINE = "containers"


class Room(NamedTuple):
    """What a file system has."""

    total: int
    """Bytes."""

    free: int
    """Bytes that somebody who is not root can have."""

    files: float
    """The share of its files that is left; 1 where their number is not bounded."""


class Disks:
    """The file systems of students' files, of our own, of the engine's, and whatever else."""

    def __init__(self, engine: Engine, folders: Mapping[str, Path], free_bytes: int) -> None:
        """Take one folder on each, but for the engine's; and how much must be left on it."""
        self._engine = engine
        self._folders = dict(folders)
        self._storage: Path | None = None
        self.free_bytes = free_bytes

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called, with the engine's."""
        return (*self._folders, _OF_ENGINE)

    async def short(self) -> str:
        """Which one is short of room, for the operator; empty if none is."""
        storage = await self._of_engine()
        folders = [*self._folders.values(), *([storage] if storage else [])]
        return next((said for f in folders if (said := shortage(f, self.free_bytes))), "")

    async def rooms(self) -> dict[str, Room]:
        """What each has, of those that are known and there."""
        storage = await self._of_engine()
        folders = {**self._folders, **({_OF_ENGINE: storage} if storage else {})}
        return await asyncio.to_thread(_rooms, folders)

    async def _of_engine(self) -> Path | None:
        if self._storage is None:
            try:
                self._storage = await self._engine.storage()
            except EngineError:
                return None  # whoever wants a lab will be told
        return self._storage


def _rooms(folders: Mapping[str, Path]) -> dict[str, Room]:
    return {name: room for name, folder in folders.items() if (room := _room(folder))}


def _room(folder: Path) -> Room | None:
    try:
        disk = os.statvfs(folder)
    except FileNotFoundError:
        return None
    files = disk.f_favail / disk.f_files if disk.f_files else 1.0
    return Room(disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize, files)


def shortage(folder: Path, free_bytes: int) -> str:
    """What a folder's file system lacks; empty if nothing, or if there is no such folder yet."""
    try:
        disk = os.statvfs(folder)
    except FileNotFoundError:
        return ""
    free = disk.f_bavail * disk.f_frsize
    if free < free_bytes:
        return f"{folder}: {free} bytes are free, {free_bytes} are wanted"
    # some have no table of files, and tell none
    if disk.f_favail < disk.f_files * _FREE_FILES:
        return f"{folder}: {disk.f_favail} files are free of {disk.f_files}"
    return ""


class Shrinking:
    """Whether the room on one file system becomes less."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bytes = self._files = 0
        """The most that was free since it was last found to have shrunk."""

    def has_shrunk(self) -> bool:
        """Whether it has, by more than next to nothing, since that was last so."""
        try:
            disk = os.statvfs(self._folder)
        except FileNotFoundError:
            return False
        free, files = disk.f_bfree * disk.f_frsize, disk.f_ffree
        if free < self._bytes - _NEXT_TO_NOTHING or files < self._files:
            self._bytes, self._files = free, files
            return True
        self._bytes, self._files = max(self._bytes, free), max(self._files, files)
        return False
