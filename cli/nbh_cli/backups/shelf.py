"""A folder of backups: ``backups/<when>.json`` says what each is, ``objects/`` has the contents.

What a backup is stands in its manifest, which is written last and under another name first: one
that was interrupted is none.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from nbh_cli.backups import listing
from nbh_cli.backups.listing import Listed
from nbh_cli.backups.store import Store, Unwritable
from nbh_cli.backups.streams import KeptStream
from nbh_cli.backups.tables import KeptTables
from nbh_kit.durable import replace_file

FORMAT = 1
"""Of all that is below a folder of backups; another one is not read."""

_NAME = "%Y-%m-%dT%H-%M-%S"


class NoBackup(RuntimeError):
    """There is none of that name, or it cannot be used; says why, and what to do."""


class Busy(RuntimeError):
    """Somebody else works on the same folder of backups."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"another nbh works on {folder}; let that one end")


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """What labs of a course run in: it is not in the backup."""

    course: str
    image: str
    version: str = ""
    """The version that was built of the course; empty where another image is used."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is."""

    format: int = FORMAT
    release: str
    """Of `nbh`."""

    site: str
    made: datetime
    folders: str
    """The digest of the list of `Listed`, one line for each."""

    streams: tuple[KeptStream, ...]
    tables: KeptTables
    images: tuple[Image, ...]
    workspaces: int
    files: int
    bytes: int
    left_out: tuple[str, ...] = ()
    """What could not be read, and why."""

    torn: tuple[str, ...] = ()
    """The files that changed each time they were read."""


class _Head(msgspec.Struct):
    format: int


class _Sealed(msgspec.Struct):
    sha256: str
    manifest: msgspec.Raw


_LISTED = msgspec.json.Decoder(Listed)


class Shelf:
    """All backups in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifests = folder / "backups"
        self.store = Store(folder / "objects")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else changes it meanwhile; what a killed backup left is cleared away.

        Raises:
            Busy: somebody does.
            Unwritable: the folder cannot be made.
        """
        try:
            self._manifests.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            lock = (self._folder / "lock").open("w")
        except OSError as e:
            raise Unwritable(self._folder, e) from e
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as e:
                raise Busy(self._folder) from e
            self.store.clear_away()
            yield

    def names(self) -> list[str]:
        """Of the backups that are whole, oldest first."""
        return sorted(file.stem for file in self._manifests.glob("*.json"))

    def read(self, name: str = "") -> Manifest:
        """What a backup is; of the last one without a name.

        Raises:
            NoBackup: there is none, it is damaged, or a later release made it.
        """
        name = name or (self.names() or [""])[-1]
        if not name:
            raise NoBackup(f"there is no backup in {self._folder}")
        file = self._manifests / f"{name}.json"
        try:
            return _unsealed(file.read_bytes())
        except FileNotFoundError:
            there = ", ".join(self.names()) or "none"
            raise NoBackup(f"{self._folder} has no backup {name}; there are: {there}") from None
        except (msgspec.MsgspecError, ValueError, OSError) as e:
            raise NoBackup(f"{file} is damaged ({e}); use an earlier backup") from e

    def folders(self, manifest: Manifest) -> list[Listed]:
        """The folders that a backup has.

        Raises:
            OSError, msgspec.MsgspecError: their list is damaged.
        """
        return _LISTED.decode_lines(self.store.read(manifest.folders))

    def put(self, manifest: Manifest) -> str:
        """Call a backup whole, of which everything else is in the store; its name.

        Raises:
            Unwritable: the disk takes no more.
        """
        name = manifest.made.strftime(_NAME)
        try:
            os.sync()
            replace_file(self._manifests / f"{name}.json", _sealed(manifest), mode=0o600)
        except OSError as e:
            raise Unwritable(self._folder, e) from e
        return name

    def keep_only(self, last: int) -> int:
        """Forget all backups but so many of the last, and what only they had; how many bytes.

        Raises:
            NoBackup: one that is to stay cannot be read: nothing is removed then.
        """
        every = self.names()
        old, stay = every[:-last], every[-last:]
        wanted = {digest for name in stay for digest, _ in self.objects(self.read(name))}
        for name in old:
            (self._manifests / f"{name}.json").unlink()
        return self.store.sweep(wanted)

    def objects(self, manifest: Manifest) -> Iterator[tuple[str, str]]:
        """(digest, what it is) of all that belongs to a backup; of a list that cannot be read, not
        what stands in it."""
        yield manifest.folders, "the list of folders"
        for stream in manifest.streams:
            yield stream.object, f"the stream {stream.name}"
        for table in manifest.tables.files:
            yield table.object, f"the statistics {table.file.file}"
        try:
            folders = self.folders(manifest)
        except (OSError, msgspec.MsgspecError):
            return
        for folder in folders:
            yield from self._of_folder(folder)

    def damaged(self, manifest: Manifest) -> dict[str, list[str]]:
        """What of a backup is not what it should be, by digest. Reads all of it."""
        found: dict[str, list[str]] = {}
        seen: set[str] = set()
        for digest, what in self.objects(manifest):
            if digest not in seen and not self.store.is_sound(digest):
                found[digest] = []
            seen.add(digest)
            if digest in found:
                found[digest].append(what)
        return found

    def _of_folder(self, folder: Listed) -> Iterator[tuple[str, str]]:
        yield folder.listing, f"the list of {folder.place}"
        try:
            entries = listing.read(self.store.read(folder.listing))
        except (OSError, msgspec.MsgspecError):
            return
        for entry in entries:
            if entry.object:
                yield entry.object, f"{folder.place}/{entry.path}"


def _sealed(manifest: Manifest) -> bytes:
    text = msgspec.json.encode(manifest)
    return msgspec.json.encode(_Sealed(hashlib.sha256(text).hexdigest(), msgspec.Raw(text)))


def _unsealed(content: bytes) -> Manifest:
    sealed = msgspec.json.decode(content, type=_Sealed)
    text = bytes(sealed.manifest)
    if hashlib.sha256(text).hexdigest() != sealed.sha256:
        raise ValueError("it is not as it was written")
    if (found := msgspec.json.decode(text, type=_Head).format) > FORMAT:
        raise NoBackup(
            f"it was made by a later release (format {found}, this one reads {FORMAT}): "
            "restore it with that release"
        )
    return msgspec.json.decode(text, type=Manifest)
