"""What a URL asks for: the grammar of launch URLs (S1–S3, C1). Pure.

``/<way>/<course>/<notebook>/<student>[/]``, where the notebook may hold slashes and blanks and the
student is always the last part. The path is decoded exactly once (S-41).
"""

import re
from urllib.parse import unquote_to_bytes

import msgspec

from nbh_kit.links import Place
from nbh_proto import names
from nbh_proto.access import Workspace

_WAYS: dict[str, Workspace] = {
    "ipythonExercice": "copy",
    "notebookLazyCopy": "copy",
    "notebookGitRepo": "git",
}

_LONGEST = 4096
_LAB = re.compile(rb"/([0-9]+)(?:/|$)")


class NoSuchAddress(ValueError):
    """No launch URL, or one with a name that nothing can have; says which."""


class Click(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for who opens a launch URL; nobody has vouched for it yet."""

    place: Place
    forcecopy: bool
    """The course's original is asked for (S2); no signature covers this parameter."""

    query: str
    """The rest, as it came."""


def lab_in(raw_path: bytes) -> str | None:
    """The capability of a path under a lab's base URL, ``/<digits>/…``; None for any other."""
    found = _LAB.match(raw_path)
    return found[1].decode() if found else None


def click(raw_path: bytes, query: bytes) -> Click:
    """Read a launch URL, its path as it came over the wire.

    Raises:
        NoSuchAddress: it is none.
    """
    place = _place(_decoded(raw_path))
    forcecopy, rest = _without_forcecopy(query.decode("ascii", errors="replace"))
    # A clone has no original to go back to (C1).
    return Click(place=place, forcecopy=forcecopy and place.workspace == "copy", query=rest)


def _decoded(raw_path: bytes) -> str:
    if len(raw_path) > _LONGEST:
        raise NoSuchAddress("too long")
    try:
        return unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError as e:
        raise NoSuchAddress("not UTF-8") from e


def _place(path: str) -> Place:
    way, _, names_ = path.removeprefix("/").partition("/")
    parts = names_.removesuffix("/").split("/")
    if way not in _WAYS or len(parts) < 3:
        raise NoSuchAddress("no launch URL")
    try:
        return Place(
            workspace=_WAYS[way],
            course=parts[0],
            notebook=names.notebook("/".join(parts[1:-1])),
            student=parts[-1],
        )
    except names.BadName as e:
        raise NoSuchAddress(str(e)) from e


def _without_forcecopy(query: str) -> tuple[bool, str]:
    first, _, rest = query.partition("&")
    if _is_forcecopy(first):
        return True, rest
    # Pages written for the original may have it anywhere; in a signed query it has no other place.
    return any(map(_is_forcecopy, rest.split("&"))), query


def _is_forcecopy(parameter: str) -> bool:
    return parameter.partition("=")[0] == "forcecopy"
