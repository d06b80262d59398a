"""Restores a backup where no system is: nothing of it starts before all of it is there."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import nats.errors
from nats.aio.client import Client

from nbh_cli.backups import embedded, listing, streams, tables, writing
from nbh_cli.backups.listing import Listed
from nbh_cli.backups.making import WHOLE
from nbh_cli.backups.shelf import Manifest, Shelf
from nbh_cli.backups.store import Store
from nbh_cli.up import folders
from nbh_kit.config import Config
from nbh_kit.durable import sync_folder
from nbh_proto.stats import StreamMoved

_VALUABLE = ("students", "courses", "accounts", "local", "snapshots", "nats", "clickhouse")
"""Where something is in one of them, there is a system already."""

_ALL = (*_VALUABLE, *(name for name in WHOLE if name not in _VALUABLE))
_NOT_OURS = "lost+found"

Say = Callable[[str], None]


class Refused(RuntimeError):
    """A backup is not restored here; says why, and what to do. Nothing was changed."""


async def restore(config: Config, file: Path, shelf: Shelf, manifest: Manifest, say: Say) -> None:
    """Restore a backup that is sound; ``file`` is the configuration's. Nobody else works in
    ``site.data``. What an earlier restore left unfinished is removed first.

    Raises:
        Refused: there is a system already.
        StreamTrouble, NotStarted, OSError: it is unfinished; it can be begun again.
    """
    data = config.site.data
    unfinished = folders.unfinished(data)
    if not unfinished.exists() and (there := what_is_there(data)):
        raise Refused(
            f"there is a system in {data} already ({', '.join(there)}): move these folders away, "
            "or set site.data to another folder"
        )
    unfinished.touch()
    sync_folder(data)
    for name in _ALL:
        _empty(data / name)
    for place in shelf.folders(manifest):
        say(place.place)
        write(shelf.store, data, place)
    folders.prepare(config)
    say("streams and buckets")
    moved = []
    async with _nats(config, file) as client:
        for stream in manifest.streams:
            created = await streams.restore(client, shelf.store, stream)
            moved.append(StreamMoved(was=stream.created, now=created))
    say("statistics")
    tables.restore(config, shelf.store, manifest.tables, tuple(moved))
    os.sync()
    unfinished.unlink()
    sync_folder(data)


def what_is_there(data: Path) -> list[str]:
    """The folders that a system has something in."""
    return [name for name in _VALUABLE if any(_children(data / name))]


def _children(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.name != _NOT_OURS)


def _empty(folder: Path) -> None:
    # not the folder itself, which may be a file system of its own; rmtree follows no link
    for path in _children(folder):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def write(store: Store, data: Path, place: Listed) -> None:
    """Write one folder of a backup below ``data``.

    Raises:
        OSError: something is there already, or the disk takes no more.
    """
    above, _, name = place.place.rpartition("/")
    with _made(data, above) as parent:
        writing.write(store, listing.read(store.read(place.listing)), parent, name)


@contextmanager
def _made(data: Path, above: str) -> Iterator[int]:
    """``students/<student>``, closed as the provisioner makes it."""
    folder = data
    for name in filter(None, above.split("/")):
        folder = folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _nats(config: Config, file: Path) -> AsyncIterator[Client]:
    """The NATS that takes the streams: one of ours for the time being, in the system's own folder,
    or the one that the site has."""
    if not config.nats.embedded:
        async with _connected(config) as client:
            yield client
        return
    async with embedded.serving(config, file), _connected(config) as client:
        yield client


@asynccontextmanager
async def _connected(config: Config) -> AsyncIterator[Client]:
    client = Client()
    try:
        try:
            await client.connect(
                config.nats.url,
                user="operator",
                password=config.password_of("operator"),
                inbox_prefix="_INBOX.operator",
                allow_reconnect=False,
            )
        except (nats.errors.Error, OSError) as e:
            raise OSError(f"NATS at {config.nats.url}: {e!r}") from e
        yield client
    finally:
        await client.close()
