"""Backup and restore of the files of a thousand workspaces, beside tar of the same tree.

Half of what a class has is the same notebook in each workspace, half is a student's own. Both are
timed until the disk has all of it.
"""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from nbh_cli.backups import making, restoring
from nbh_cli.backups.listing import Listed
from nbh_cli.backups.shelf import Manifest, Shelf
from nbh_cli.backups.tables import KeptTables
from nbh_proto import now
from tests.bench.figures import Figure, at_least, at_most

WORKSPACES = 1000
NOTEBOOKS = 16
NOTEBOOK = 32 * 1024
CHANGED = 20
"""Workspaces in which one notebook is another the second time."""

GIB = 1024**3


def figures(folder: Path) -> list[Figure]:
    """All of them; ``folder`` is on the disk that is measured."""
    data, shelf = folder / "data", Shelf(folder / "kept")
    size = _made(data)
    by_tar = _seconds(lambda: _tar("cf", folder / "tar", "-C", data, "students"))
    with shelf.locked():
        first = _seconds(lambda: _backup(data, shelf))
        for number in range(CHANGED):
            (_workspace(data, number) / "notebook-0.ipynb").write_bytes(random.randbytes(NOTEBOOK))
        second = _seconds(lambda: _backup(data, shelf))
    again = _seconds(lambda: _tar("cf", folder / "tar", "-C", data, "students"))
    (folder / "by-tar").mkdir()
    out_of_tar = _seconds(lambda: _tar("xf", folder / "tar", "-C", folder / "by-tar"))
    restored = _seconds(lambda: _restore(shelf, folder / "back"))
    for made in ("data", "kept", "by-tar", "back"):
        shutil.rmtree(folder / made)
    (folder / "tar").unlink()
    what = f"{WORKSPACES:,} workspaces of {WORKSPACES * NOTEBOOKS:,} files, {size / GIB:.2g} GiB"
    return [
        _speed(f"backup of {what}", size, first, by_tar, 0.25),
        at_most(
            f"backup of the same, {CHANGED} files changed", second, again, unit="s", floor=again
        ),
        _speed(f"restore of {what}, with its digests", size, restored, out_of_tar, 0.5),
    ]


def _speed(name: str, size: int, ours: float, tars: float, share: float) -> Figure:
    """GiB a minute; the floor is what tar does of the same, the goal is a share of it: tar writes
    one file, and no digest."""
    value, floor = (60 * size / GIB / seconds for seconds in (ours, tars))
    spread = f"{ours:.1f} s, tar {tars:.1f} s"
    return at_least(name, value, share * floor, unit="GiB/min", floor=floor, spread=spread)


def _workspace(data: Path, number: int) -> Path:
    return data / "students" / f"student-{number}" / "python"


def _made(data: Path) -> int:
    originals = [random.randbytes(NOTEBOOK) for _ in range(NOTEBOOKS)]
    for number in range(WORKSPACES):
        workspace = _workspace(data, number)
        workspace.mkdir(parents=True)
        for which, original in enumerate(originals):
            own = random.randbytes(NOTEBOOK) if which % 2 else original
            (workspace / f"notebook-{which}.ipynb").write_bytes(own)
    os.sync()
    return WORKSPACES * NOTEBOOKS * NOTEBOOK


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    os.sync()
    return time.monotonic() - began


def _tar(*words: object) -> None:
    program = shutil.which("tar")
    assert program
    subprocess.run([program, *map(str, words)], check=True)


def _backup(data: Path, shelf: Shelf) -> None:
    files = making.files_of(data, shelf, lambda _: None)
    assert len(files.folders) == WORKSPACES
    shelf.put(
        Manifest(
            release="",
            site="",
            made=now(),
            folders=shelf.store.keep(_lines(files.folders)),
            streams=(),
            tables=KeptTables(step=0, files=()),
            images=(),
            workspaces=WORKSPACES,
            files=0,
            bytes=0,
        )
    )


def _lines(folders: list[Listed]) -> bytes:
    return b"".join(msgspec.json.encode(folder) + b"\n" for folder in folders)


def _restore(shelf: Shelf, data: Path) -> None:
    manifest = shelf.read()
    assert not shelf.damaged(manifest)
    data.mkdir()
    for place in shelf.folders(manifest):
        restoring.write(shelf.store, data, place)
