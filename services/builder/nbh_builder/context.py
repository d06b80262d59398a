"""What podman gets to build from: the course's files, and what the site lends, as one archive.

What is lent is a secret to podman: each RUN sees it at its place and no layer keeps it. It is the
one way to lend a file through the API of podman 4.3, and newer ones have it too.
"""

import io
import os
import stat
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from nbh_builder.dockerfile import Dockerfile
from nbh_builder.failure import BuildError

DOCKERFILE = ".nbh-dockerfile"
_LENT = ".nbh-lent-"
_IGNORED = (".containerignore", ".dockerignore")
"""In podman's order: it reads the first that is there."""


class Lent(NamedTuple):
    """A file of this machine that each RUN sees at another place."""

    content: bytes
    place: str


def lent(settings: Sequence[str]) -> tuple[Lent, ...]:
    """What ``builder.lend`` names: ``file:place in the build``.

    Raises:
        BuildError: a file cannot be read.
    """
    try:
        pairs = [each.partition(":") for each in settings]
        return tuple(Lent(Path(file).read_bytes(), place) for file, _, place in pairs)
    except OSError as e:
        raise BuildError("internal", f"builder.lend: {e}") from e


def run_flags(lending: Sequence[Lent]) -> tuple[str, ...]:
    """The flags of each RUN; `nbh_builder.lines` leaves them out of what people read."""
    return tuple(
        f"--mount=type=secret,id=nbh{number},target={each.place},mode=0444"
        for number, each in enumerate(lending)
    )


def secrets(lending: Sequence[Lent]) -> list[str]:
    """The same for the API."""
    return [f"id=nbh{number},src={_LENT}{number}" for number, _ in enumerate(lending)]


def write(
    archive: BinaryIO, folder: Path, dockerfile: Dockerfile, lending: Sequence[Lent]
) -> None:
    """Write the archive. The folder holds files and folders only; a link is left out."""
    with tarfile.open(fileobj=archive, mode="w") as tar:
        ignored: dict[str, bytes] = {}
        for name, fd in _files(folder):
            with os.fdopen(fd, "rb") as file:
                if name in _IGNORED:
                    ignored[name] = file.read()
                    continue
                info = _info(name, os.fstat(fd).st_size)
                info.mode = 0o755 if os.fstat(fd).st_mode & 0o111 else 0o644
                tar.addfile(info, file)
        for name, content in _ignoring(ignored).items():
            _add(tar, name, content)
        _add(tar, DOCKERFILE, dockerfile.text(run_flags(lending)).encode())
        for number, each in enumerate(lending):
            _add(tar, f"{_LENT}{number}", each.content)


def _ignoring(ignored: dict[str, bytes]) -> dict[str, bytes]:
    """`COPY . .` takes nothing of ours: what is last in the list stands."""
    ours = f"{DOCKERFILE}\n{_LENT}*\n".encode()
    if not ignored:
        return {_IGNORED[1]: ours + f"{_IGNORED[1]}\n".encode()}
    return {name: content + b"\n" + ours for name, content in ignored.items()}


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """Every file below a folder by its path, opened. Links are not followed."""
    for where, folders, files, at in os.fwalk(folder):
        folders.sort()
        for name in sorted(files):
            if stat.S_ISREG(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
                fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
                yield str(Path(where, name).relative_to(folder)), fd


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_info(name, len(content)), io.BytesIO(content))


def _info(name: str, size: int) -> tarfile.TarInfo:
    """Always the same owner and instant: the same files are the same layer."""
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o644
    return info
