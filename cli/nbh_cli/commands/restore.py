"""`nbh restore`."""

import asyncio
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import operating, output
from nbh_cli.backups import restoring
from nbh_cli.backups.embedded import NotStarted
from nbh_cli.backups.shelf import Busy, Manifest, NoBackup, Shelf
from nbh_cli.backups.store import Unwritable
from nbh_cli.backups.streams import StreamTrouble
from nbh_cli.commands.backup import Folder, damaged_lines
from nbh_cli.host import machine
from nbh_cli.host import podman as podmans
from nbh_cli.host.failures import HostFailure
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_cli.up import labs
from nbh_cli.up.lock import Running, lock
from nbh_kit.config import Config
from nbh_kit.programs import ProgramMissing

_FEW = 20


def restore(
    folder: Folder,
    /,
    *,
    backup: Annotated[
        str, Parameter(help="Its name, as `nbh backup FOLDER --list` shows it; the last if none.")
    ] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Make a system of a backup in `site.data`, where there is none and nothing runs. Then start
    it as always.

    The backup is read and compared with its digests first. A restore that was interrupted is begun
    again by the next one; until then nothing starts.
    """
    settings = operating.load(config)
    if os.getuid() != 0 and settings.provisioner.engine == "podman":
        raise Sorry("only root can give students their files")
    shelf = Shelf(folder)
    try:
        manifest = _sound(shelf, backup)
        with _alone(settings):
            os.umask(0o022)
            asyncio.run(_restore(settings, config, shelf, manifest))
    except (
        *(Busy, NoBackup, Unwritable, Running, restoring.Refused),
        *(StreamTrouble, NotStarted, ProgramMissing, HostFailure, OSError),
    ) as e:
        raise Sorry(str(e)) from e
    _tell(settings, manifest)


def _sound(shelf: Shelf, name: str) -> Manifest:
    manifest = shelf.read(name)
    if damaged := shelf.damaged(manifest):
        lines = damaged_lines(damaged)
        for line in lines[:_FEW]:
            print(line, file=sys.stderr)
        others = [other for other in shelf.names() if other != name]
        raise Sorry(
            f"the backup is damaged in {len(lines)} places, and nothing was restored; choose "
            f"another one with --backup ({', '.join(others) or 'there is no other'})"
        )
    return manifest


async def _restore(config: Config, file: Path, shelf: Shelf, manifest: Manifest) -> None:
    if found := await _labs_left(config):
        raise restoring.Refused(
            f"{found} labs still run, with files that are no more: "
            f"`nbh host end-labs --config {file}` ends them"
        )
    await restoring.restore(config, file, shelf, manifest, lambda _: None)


async def _labs_left(config: Config) -> int:
    """Containers of this site, which would go on writing where nobody looks any more."""
    if config.provisioner.engine != "podman":
        return 0
    config.site.run.mkdir(parents=True, exist_ok=True)
    try:
        return await labs.count(podmans.prepare(machine.look(), config.site.run), config)
    except HostFailure:  # no podman, no labs
        return 0


@contextmanager
def _alone(config: Config) -> Iterator[None]:
    """Neither `nbh up` nor a provisioner of compose or systemd works on the data.

    Raises:
        Running: one does.
    """
    data = config.site.data
    with lock(data), (data / "provisioner.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise restoring.Refused(f"a provisioner works on {data}: stop the system first") from e
        yield


def _tell(config: Config, manifest: Manifest) -> None:
    print(
        f"{manifest.workspaces} workspaces, {manifest.files} files and "
        f"{manifest.tables.events} events are in {config.site.data}, as of "
        f"{output.text(manifest.made)}. Start the system as always."
    )
    for image in manifest.images:
        if image.version:
            print(f"If its image is not on this machine: nbh course build {image.course}")
        else:
            print(f"Labs of {image.course} want the image {image.image}")
