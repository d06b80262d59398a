"""`nbh backup`."""

import asyncio
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import operating, output, units
from nbh_cli.backups import making
from nbh_cli.backups.making import Made
from nbh_cli.backups.shelf import Busy, Manifest, NoBackup, Shelf
from nbh_cli.backups.store import Unwritable
from nbh_cli.backups.streams import StreamTrouble
from nbh_cli.backups.tables import NoStatistics
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.config import Config

_COLUMNS = ("backup", "workspaces", "files", "bytes", "events", "release")
_FEW = 10

Folder = Annotated[Path, Parameter(help="The folder of backups, best on another disk.")]


def backup(
    folder: Folder,
    /,
    *,
    keep: Annotated[
        int, Parameter(help="Forget all backups but so many of the last; 0 for none.")
    ] = 0,
    list_: Annotated[
        bool, Parameter(name="--list", negative="", help="Say which there are; make none.")
    ] = False,
    verify: Annotated[
        str,
        Parameter(help="Read one and say whether it is sound: its name, or `last`; make none."),
    ] = "",
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Keep all that cannot be made again: students' files, courses, accounts, shared pages,
    secrets, streams, buckets and statistics. The system runs on meanwhile, and so do labs.

    What is in the folder already is not written again, so the next backup is quick. Exit status 1
    if something could not be read: the rest is kept, and what is missing is said.
    """
    shelf = Shelf(folder)
    try:
        if list_:
            return _list(shelf, as_json=json)
        if verify:
            return _verify(shelf, "" if verify == "last" else verify)
        return _make(operating.load(config), shelf, folder, keep)
    except (Busy, NoBackup, NoStatistics, StreamTrouble, Unwritable) as e:
        raise Sorry(str(e)) from e


def _list(shelf: Shelf, *, as_json: bool) -> int:
    rows = [_row(name, shelf.read(name)) for name in shelf.names()]
    output.show(rows, _COLUMNS, as_json=as_json, none="There is no backup.")
    return 0


def _row(name: str, manifest: Manifest) -> output.Row:
    return {
        "backup": name,
        "workspaces": manifest.workspaces,
        "files": manifest.files,
        "bytes": manifest.bytes,
        "events": manifest.tables.events,
        "release": manifest.release,
    }


def _verify(shelf: Shelf, name: str) -> int:
    with shelf.locked():
        manifest = shelf.read(name)
        damaged = shelf.damaged(manifest)
        for digest in damaged:
            shelf.store.set_aside(digest)
    if not damaged:
        print(f"{manifest.files} files, {manifest.tables.events} events: all as it was written")
        return 0
    for what in damaged_lines(damaged):
        print(what)
    print("The next `nbh backup` keeps these anew, as far as they are still there.")
    return 1


def damaged_lines(damaged: dict[str, list[str]]) -> list[str]:
    """What is damaged, each in a line."""
    return [f"damaged: {output.text(what)}" for whats in damaged.values() for what in whats]


def _make(config: Config, shelf: Shelf, folder: Path, keep: int) -> int:
    data = config.site.data
    if folder.absolute().is_relative_to(data.absolute()):
        raise Sorry(f"{folder} is in {data} itself, which is what to keep", 2)
    if os.getuid() != 0 and data.is_dir() and data.stat().st_uid != os.getuid():
        raise Sorry(f"{data} is another's; `nbh backup` runs as the user that runs `nbh up`")
    with shelf.locked():
        made = asyncio.run(_made(config, shelf))
        _tell(made, folder)
        if keep > 0:
            freed = shelf.keep_only(keep)
            print(f"{len(shelf.names())} backups are left; {units.sized(freed)} were freed")
    return 1 if made.manifest.left_out else 0


async def _made(config: Config, shelf: Shelf) -> Made:
    async with operating.bus(config) as bus:
        return await making.make(config, metadata.version("nbh-cli"), bus, shelf, _progress())


def _progress() -> making.Say:
    return _on_one_line if sys.stderr.isatty() else lambda _: None


def _on_one_line(what: str) -> None:
    print(f"\r\x1b[K{output.text(what)[:78]}", end="", file=sys.stderr, flush=True)


def _tell(made: Made, folder: Path) -> None:
    manifest = made.manifest
    print(
        f"{made.name}: {units.counted(manifest.workspaces, 'workspace')}, "
        f"{units.counted(manifest.files, 'file')} of {units.sized(manifest.bytes)}, "
        f"{units.counted(manifest.tables.events, 'event')}; "
        f"{units.sized(made.added)} of it are new in {folder}"
    )
    for path in manifest.torn[:_FEW]:
        print(f"changed while it was read: {output.text(path)}", file=sys.stderr)
    for what in manifest.left_out[:_FEW]:
        print(f"left out: {output.text(what)}", file=sys.stderr)
    if (more := len(manifest.left_out) - _FEW) > 0:
        print(f"left out: {more} more, which its manifest names", file=sys.stderr)
