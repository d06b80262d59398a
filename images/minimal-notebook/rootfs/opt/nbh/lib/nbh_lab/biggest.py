"""Tells a page what takes most of its student's disk (S-35): `GET /api/nbh/biggest`."""

import asyncio
import heapq
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath
from typing import NamedTuple

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

_MOST = 10
_LOOKED_AT = 200_000
"""Files and folders; somebody waits for the answer."""

_BLOCK = 512


class Found(NamedTuple):
    """A file, or a folder."""

    path: str
    """Relative to the workspace."""

    size: int
    """Bytes on the disk of a file, entries of a folder."""


class Biggest(APIHandler):
    """Answers the page; who may read files may read this."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{"files": [{"path", "size"}…], "folders": […]}``, the largest first."""
        root = self.contents_manager.root_dir
        files, folders = await asyncio.to_thread(biggest, root)
        said = {"files": [f._asdict() for f in files], "folders": [f._asdict() for f in folders]}
        await self.finish(json.dumps(said))


def biggest(root: str, looked_at: int = _LOOKED_AT) -> tuple[list[Found], list[Found]]:
    """The ten largest files below a folder, and the ten folders with most in them."""
    files: list[Found] = []
    folders: list[Found] = []
    for path, entries in _folders(root, looked_at):
        name = PurePath(path).relative_to(root).as_posix()
        folders.append(Found("" if name == "." else name, len(entries)))
        sizes = [Found(f"{name}/{e}".removeprefix("./"), size) for e, size in entries if size >= 0]
        files = heapq.nlargest(_MOST, [*files, *sizes], key=lambda f: f.size)
    return files, heapq.nlargest(_MOST, folders, key=lambda f: f.size)


def _folders(root: str, looked_at: int) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Each folder, and what is in it: names, and the sizes of files; -1 for what is no file."""
    waiting = [root]
    while waiting and looked_at > 0:
        path, entries = waiting.pop(), []
        with suppress(OSError), os.scandir(path) as there:
            for entry in there:
                entries.append((entry.name, _size(entry)))
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
        looked_at -= len(entries)
        yield path, entries


def _size(entry: os.DirEntry[str]) -> int:
    if not entry.is_file(follow_symlinks=False):
        return -1
    return entry.stat(follow_symlinks=False).st_blocks * _BLOCK


default_handlers = [(r"/api/nbh/biggest", Biggest)]
