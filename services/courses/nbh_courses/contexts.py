"""What a build of a course's image may read: the folder that holds its Dockerfile (I2, G7).

It is written out for the builder, which has no business in git: files and folders only, read-only,
under the name of what is in it.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nbh_courses import disk, layout, publishing
from nbh_courses.failure import CourseError, of_disk
from nbh_courses.layout import DOCKERFILES, LAYERS, Plan
from nbh_courses.nodes import File, Folder, follow
from nbh_courses.shelf import Place
from nbh_courses.tree import Reader
from nbh_kit import durable

_WRITING = ".writing"


class Context(NamedTuple):
    """A folder below ``contexts``, and the file in it that says what to build."""

    folder: str
    dockerfile: str
    problems: tuple[str, ...] = ()


def export(
    place: Place, reader: Reader, commit: str, local: Path, max_bytes: int
) -> Context | None:
    """Write out what a commit's image is built from; None if the course has no Dockerfile.

    ``local`` is the operator's own folder for the course: a Dockerfile there stands over the
    course's. Blocking.

    Raises:
        CourseError: there is too much of it, or the disk is full.
    """
    with of_disk():
        if name := next((each for each in DOCKERFILES if (local / each).is_file()), ""):
            return _of_operator(place, local, name, max_bytes)
        return _of_course(place, reader, commit, max_bytes)


def _of_course(place: Place, reader: Reader, commit: str, max_bytes: int) -> Context | None:
    found = list(_dockerfiles(reader.folder(commit)))
    if not found:
        return None
    layer, folder, name = found[0]
    plan = layout.everything(folder)
    digest = _digest(name, plan)
    if new := _begin(place, digest):
        publishing.write(new, reader, plan, max_bytes)
        _finish(place, new, digest)
    over = (f"{lower}/{other} is not used: {layer}/{name} is" for lower, _, other in found[1:])
    return Context(digest, name, (*(p.sentence for p in plan.problems), *over))


def _dockerfiles(root: Folder) -> Iterator[tuple[str, Folder, str]]:
    """(layer, its folder, the file's name), the one that is used first."""
    for layer in reversed(LAYERS):
        found = follow((root,), layer)
        if found is None or isinstance(found.node, File):
            continue
        for name in DOCKERFILES:
            inner = follow((found.node,), name)
            if inner and isinstance(inner.node, File):
                yield layer, found.node, name
                break


def _digest(dockerfile: str, plan: Plan) -> str:
    digest = hashlib.sha256(dockerfile.encode())
    for path, file in sorted(plan.files, key=lambda placed: placed.path):
        assert isinstance(file, File)
        line = f"{path} {file.executable} {file.blob.hex()}\n"
        digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _of_operator(place: Place, local: Path, dockerfile: str, max_bytes: int) -> Context:
    """The same from the operator's folder. Links are left out."""
    digest = hashlib.sha256(dockerfile.encode())
    files = sorted(_regular(local))
    if sum(path.stat().st_size for path in files) > max_bytes:
        raise CourseError("too-big", f"{local} holds more than {max_bytes} bytes")
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(local)} {_runs(path)} {content}\n".encode())
    if new := _begin(place, digest.hexdigest()):
        for path in files:
            target = new / path.relative_to(local)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o755 if _runs(path) else 0o644)
        _finish(place, new, digest.hexdigest())
    return Context(digest.hexdigest(), dockerfile)


def _regular(folder: Path) -> Iterator[Path]:
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _runs(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o111)


def _begin(place: Place, digest: str) -> Path | None:
    """A folder to write to; None if this context is there."""
    contexts = place.folder / "contexts"
    if (contexts / digest).is_dir():
        return None
    contexts.mkdir(exist_ok=True)
    new = contexts / _WRITING
    disk.remove(new)
    new.mkdir()
    return new


def _finish(place: Place, new: Path, digest: str) -> None:
    """Put it in its place, whole; of older ones the last stays, for a build that runs."""
    contexts = place.folder / "contexts"
    new.rename(contexts / digest)
    durable.sync_folder(contexts)
    others = [each for each in contexts.iterdir() if each.name != digest]
    for old in sorted(others, key=lambda each: each.stat().st_mtime)[:-1]:
        disk.remove(old)
