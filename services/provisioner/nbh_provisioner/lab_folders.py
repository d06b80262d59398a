"""One folder for each lab: its configuration and token, and what Jupyter writes while it runs."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from nbh_proto import names
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.jupyter import CONFIG_FILE, TOKEN_FILE

NOBODYS = "nobodys"
"""What stands in a lab where a workspace will be, while it is nobody's."""

EXERCISE = {
    "exercise.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "exercise.md": b"# exercise\n",
}
"""Notebooks of nobody's, which a lab of the pool is asked for before anybody gets it."""

_CLAIM = "claim"


class Claim(NamedTuple):
    """Whose a lab of the pool has become: podman's labels cannot change."""

    student: str
    generation: int


class LabFolders:
    """``labs/<capability>/``; the names are secrets, so the parent is closed to everybody."""

    def __init__(self, labs: Path, owner: Owner | None) -> None:
        self._labs = labs
        self._owner = owner

    def of(self, capability: str) -> Path:
        """A lab's folder: what it sees read-only, but for `runtime`."""
        return self._labs / capability

    def runtime(self, capability: str) -> Path:
        """Where a lab's Jupyter may write."""
        return self.of(capability) / "runtime"

    def make(self, capability: str, token: str, config: bytes) -> None:
        """Make a lab's folder; what was begun before a crash is made anew.

        Raises:
            OSError: the disk is full.
        """
        self.remove(capability)
        self._labs.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self.of(capability)
        folder.mkdir(mode=0o750)
        self._write(folder / CONFIG_FILE, config)
        self._write(folder / TOKEN_FILE, token.encode())
        (folder / NOBODYS).mkdir(mode=0o750)
        for name, content in EXERCISE.items():
            self._write(folder / NOBODYS / name, content)
        runtime = self.runtime(capability)
        runtime.mkdir(mode=0o700)
        if self._owner is not None:
            for closed in (folder, folder / NOBODYS):
                os.chown(closed, 0, self._owner.gid)
            os.chown(runtime, *self._owner)

    def claim(self, capability: str, claim: Claim) -> None:
        """Write down whose a lab of the pool is from now on.

        Not synced: a claim is worth as much as its container, and no power cut leaves that.

        Raises:
            OSError: the disk is full.
        """
        file = self.of(capability) / _CLAIM
        part = file.with_suffix(".part")
        part.unlink(missing_ok=True)
        part.write_bytes(msgspec.json.encode(claim))
        part.chmod(0o400)
        part.rename(file)

    def claims(self, capabilities: Iterable[str]) -> dict[str, Claim]:
        """Whose these labs are, as far as they came from the pool and are somebody's."""
        found = {capability: self._claim(capability) for capability in capabilities}
        return {capability: claim for capability, claim in found.items() if claim}

    def tokens(self) -> dict[str, str]:
        """The token of each lab that has a folder; empty where a crash came before it."""
        if not self._labs.is_dir():
            return {}
        there = [p.name for p in self._labs.iterdir() if names.CAPABILITY.fullmatch(p.name)]
        return {capability: self._token(capability) for capability in there}

    def remove(self, capability: str) -> None:
        """Remove a lab's folder, whatever the student left in it; none is fine.

        The token goes first: a folder that is half gone is nobody's.
        """
        (self.of(capability) / TOKEN_FILE).unlink(missing_ok=True)
        # rmtree goes by open folders, follows no link (shutil.rmtree.avoids_symlink_attacks)
        shutil.rmtree(self.of(capability), ignore_errors=True)

    def _write(self, path: Path, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o440), "wb") as file:
            if self._owner is not None:
                os.fchown(file.fileno(), 0, self._owner.gid)
            file.write(content)

    def _claim(self, capability: str) -> Claim | None:
        try:
            return msgspec.json.decode((self.of(capability) / _CLAIM).read_bytes(), type=Claim)
        except FileNotFoundError:
            return None

    def _token(self, capability: str) -> str:
        try:
            return (self.of(capability) / TOKEN_FILE).read_text()
        except FileNotFoundError:
            return ""
