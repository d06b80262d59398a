"""Contents under their own SHA-256: what is kept twice, by whomever and whenever, is there once.

An object is there whole or not at all. Nothing in a store is ever changed.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_PIECE = 1024**2


class Unwritable(RuntimeError):
    """The store takes no more; says why."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"{folder}: {error.strerror or error}")


class Kept:
    """An object that is being written; `digest` is its name once the block has ended."""

    def __init__(self, file: BinaryIO, folder: Path) -> None:
        self._file = file
        self._folder = folder
        self._hash = hashlib.sha256()
        self.size = 0
        self.digest = ""

    def write(self, piece: bytes) -> None:
        """Put something behind what is there."""
        self._hash.update(piece)
        self.size += len(piece)
        with _told(self._folder):
            _write_all(self._file, piece)

    def finish(self) -> str:
        """Its name."""
        self.digest = self._hash.hexdigest()
        return self.digest


class Store:
    """The folder of objects, ``<first two digits>/<the others>``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.added = 0
        """Bytes that were not there before."""

    def path(self, digest: str) -> Path:
        """Where an object is, or would be."""
        return self._folder / digest[:2] / digest[2:]

    def has(self, digest: str) -> bool:
        """Whether an object is there."""
        return self.path(digest).exists()

    def keep(self, content: bytes) -> str:
        """Keep what is in memory; its name.

        Raises:
            Unwritable: the disk takes no more.
        """
        digest = hashlib.sha256(content).hexdigest()
        if not self.has(digest):
            with self._begun() as (new, file), _told(self._folder):
                _write_all(file, content)
                self._put(new, digest, len(content))
        return digest

    @contextmanager
    def writing(self) -> Iterator[Kept]:
        """Write an object piece by piece; what does not end well leaves nothing.

        Raises:
            Unwritable: the disk takes no more.
        """
        with self._begun() as (new, file):
            kept = Kept(file, self._folder)
            yield kept
            with _told(self._folder):
                self._put(new, kept.finish(), kept.size)

    @contextmanager
    def _begun(self) -> Iterator[tuple[Path, BinaryIO]]:
        with _told(self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix="new-", dir=self._folder)
        new = Path(name)
        try:
            # unbuffered: what is not written is known before anything is called kept
            with os.fdopen(descriptor, "wb", 0) as file:
                yield new, file
        finally:
            new.unlink(missing_ok=True)

    def read(self, digest: str) -> bytes:
        """An object, as a whole.

        Raises:
            OSError: it is not there.
        """
        return self.path(digest).read_bytes()

    @contextmanager
    def opened(self, digest: str) -> Iterator[BinaryIO]:
        """An object, to be read piece by piece.

        Raises:
            OSError: it is not there.
        """
        with self.path(digest).open("rb") as file:
            yield file

    def is_sound(self, digest: str) -> bool:
        """Whether an object is there and is what its name says."""
        try:
            with self.path(digest).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest
        except OSError:
            return False

    def set_aside(self, digest: str) -> None:
        """Take an object that is not sound out of the way: the next backup keeps it anew."""
        with contextlib.suppress(FileNotFoundError):
            self.path(digest).rename(self._folder / f"damaged-{digest}")

    def sweep(self, wanted: set[str]) -> int:
        """Remove every object but these; how many bytes that freed."""
        freed = 0
        for file in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            if f"{file.parent.name}{file.name}" not in wanted:
                freed += file.stat().st_size
                file.unlink()
        return freed

    def clear_away(self) -> None:
        """Remove what a backup that was killed had begun."""
        for file in self._folder.glob("new-*"):
            file.unlink()

    def _put(self, new: Path, digest: str, size: int) -> None:
        place = self.path(digest)
        if place.exists():
            return
        new.chmod(0o400)
        try:
            new.rename(place)
        except FileNotFoundError:
            place.parent.mkdir(mode=0o700)
            new.rename(place)
        self.added += size


def _write_all(file: BinaryIO, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[file.write(rest) :]


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise Unwritable(folder, e) from e


def pieces(file: BinaryIO, size: int = _PIECE) -> Iterator[bytes]:
    """What is left in a file."""
    while piece := file.read(size):
        yield piece
