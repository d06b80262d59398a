"""The folders of nbhosting 0.59: what there is beneath its root (G2). Nothing is followed."""

import configparser
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nbh_cli.original import database
from nbh_cli.original.database import Database

STATISTICS = ("events.raw", "counts.raw")
_DOCKERFILES = ("Dockerfile", "Containerfile")
_NO_LONGER_READ = ("tracks.py", "static-mappings")


class Repository(NamedTuple):
    """The old system's clone of a course."""

    giturl: str
    """Where it came from; empty if it does not say."""

    branch: str
    """What was checked out; empty if no branch was."""

    has_dockerfile: bool


class Students(NamedTuple):
    """What is in the folder of all students."""

    folder: Path
    workspaces: tuple[tuple[str, str], ...]
    """(student, course), by name."""

    strange: tuple[str, ...]
    """What is there and is no student's folder: links, files."""


class Root(NamedTuple):
    """All that was found."""

    folder: Path
    database: Database | None
    """None if it cannot be read."""

    no_database: str
    """Why."""

    repositories: dict[str, Repository | None]
    """By course; None where the folder holds no clone."""

    students: Students
    statistics: tuple[tuple[str, Path], ...]
    """(course, file)."""

    overrides: dict[str, tuple[Path, ...]]
    """The operator's own files for each course."""

    dropped: dict[str, int]
    """How many files the dropareas of each course hold."""


def looks_like_one(folder: Path) -> bool:
    """Whether nbhosting 0.59 worked here."""
    return any((folder / name).is_dir() for name in ("courses-git", "students", "raw"))


def read(folder: Path) -> Root:
    """Look at everything."""
    known, why = _database(folder / "db.sqlite3")
    return Root(
        folder=folder,
        database=known,
        no_database=why,
        repositories={
            entry.name: _repository(Path(entry)) for entry in _folders(folder / "courses-git")
        },
        students=_students(folder / "students"),
        statistics=tuple(_statistics(folder / "raw")),
        overrides={entry.name: tuple(_files(Path(entry))) for entry in _folders(folder / "local")},
        dropped={
            entry.name: sum(1 for _ in _files(Path(entry)))
            for entry in _folders(folder / "droparea")
        },
    )


def is_no_longer_read(file: Path) -> bool:
    """Whether nbhosting 0.59 itself had stopped to look at such a file (G11)."""
    return file.name in _NO_LONGER_READ


def _database(file: Path) -> tuple[Database | None, str]:
    if not file.exists():
        return None, f"{file} is not there"
    try:
        return database.read(file), ""
    except database.Unreadable as e:
        return None, f"{file}: {e}"


def _repository(folder: Path) -> Repository | None:
    """Read from its files: git itself would run what a repository says."""
    git = folder / ".git"
    try:
        head = (git / "HEAD").read_text(errors="replace").strip()
    except OSError:
        return None
    branch = head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else ""
    places = [folder / "nbhosting", folder / ".nbhosting"]
    dockerfile = any((place / name).is_file() for place in places for name in _DOCKERFILES)
    return Repository(_origin(git / "config"), branch, dockerfile)


def _origin(config: Path) -> str:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        text = config.read_text(errors="replace")
        # git indents its keys, which this reader takes for lines that go on
        parser.read_string("\n".join(line.strip() for line in text.splitlines()))
        return parser.get('remote "origin"', "url", fallback="") or ""
    except (OSError, configparser.Error):
        return ""


def _students(folder: Path) -> Students:
    # the folder may be on a disk of its own, led to by a link; what is in it is never followed
    folder = folder.resolve()
    workspaces, strange = [], []
    for entry in _entries(folder):
        if not entry.is_dir(follow_symlinks=False):
            strange.append(entry.name)
            continue
        workspaces += [(entry.name, c.name) for c in _folders(Path(entry)) if c.name[0] != "."]
    return Students(folder, tuple(sorted(workspaces)), tuple(sorted(strange)))


def _statistics(folder: Path) -> Iterator[tuple[str, Path]]:
    for entry in _folders(folder):
        for name in STATISTICS:
            file = Path(entry, name)
            if file.is_file() and not file.is_symlink():
                yield entry.name, file


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):  # which follows no link
        for name in sorted(names):
            file = Path(parent, name)
            if file.is_file() and not file.is_symlink():
                yield file


def _folders(folder: Path) -> Iterator["os.DirEntry[str]"]:
    yield from (e for e in _entries(folder) if e.is_dir(follow_symlinks=False))


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
