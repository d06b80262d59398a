"""The statistics' tables: the stats service writes them down, and reads them when it starts.

Whoever keeps them, chDB or a ClickHouse server, is asked through that one service.
"""

import os
import shutil
from pathlib import Path

import msgspec

from nbh_cli.backups.store import Store, pieces
from nbh_kit.bus import Bus, BusAway
from nbh_kit.config import Config
from nbh_proto.stats import (
    EXPORTED,
    RESTORED,
    ExportTables,
    StreamMoved,
    TableFile,
    TablesExported,
)

_WITHIN = 3600.0
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NoStatistics(RuntimeError):
    """The stats service does not write its tables down, and why."""


class KeptTable(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a table in a backup."""

    file: TableFile
    object: str


class KeptTables(msgspec.Struct, frozen=True, kw_only=True):
    """All of them."""

    step: int
    """How the tables came to be; a release that knows fewer steps cannot read them."""

    files: tuple[KeptTable, ...]

    @property
    def events(self) -> int:
        """How many events they hold."""
        return sum(kept.file.rows for kept in self.files if kept.file.table == "events")


async def keep(bus: Bus, config: Config, store: Store) -> KeptTables:
    """Keep the tables as they are now.

    Raises:
        NoStatistics: the service is away, or cannot.
        Unwritable: the store takes no more.
    """
    try:
        told = await bus.ask(ExportTables(), TablesExported, within=_WITHIN)
    except BusAway as e:
        raise NoStatistics(f"the service stats does not answer ({e})") from e
    if told.error:
        raise NoStatistics(told.error)
    try:
        return KeptTables(
            step=told.step, files=tuple(_kept(config, store, file) for file in told.files)
        )
    except OSError as e:
        raise NoStatistics(str(e)) from e


def restore(
    config: Config, store: Store, kept: KeptTables, moved: tuple[StreamMoved, ...]
) -> None:
    """Put them where the service takes them from when it starts.

    Raises:
        OSError: the disk takes no more.
    """
    folder = _folder(config) / RESTORED
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in kept.files:
        shutil.copyfile(store.path(each.object), folder / each.file.file)
    listed = TablesExported(
        step=kept.step, files=tuple(each.file for each in kept.files), moved=moved
    )
    (folder / "tables.json").write_bytes(msgspec.json.encode(listed))
    if os.getuid() == 0:
        uid = config.uid_of("stats")
        for path in (folder, *folder.iterdir()):
            os.chown(path, uid, uid)


def _kept(config: Config, store: Store, file: TableFile) -> KeptTable:
    # the folder is the service's, which may put there what it likes
    folder = os.open(_folder(config) / EXPORTED, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        descriptor = os.open(Path(file.file).name, _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    with os.fdopen(descriptor, "rb") as opened, store.writing() as kept:
        for piece in pieces(opened):
            kept.write(piece)
    return KeptTable(file=file, object=kept.digest)


def _folder(config: Config) -> Path:
    return config.site.data / "clickhouse"
