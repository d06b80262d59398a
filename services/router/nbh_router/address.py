"""What a URL asks for: the grammar of launch URLs (S1–S3, C1). Pure.

``/<way>/<course>/<notebook>/<student>[/]``, where the notebook may hold slashes and blanks and the
student is always the last part. The path is decoded exactly once (S-41).
"""

import re
from urllib.parse import parse_qs, quote, unquote_plus, unquote_to_bytes

import msgspec

from nbh_kit.links import Place
from nbh_proto import names
from nbh_proto.access import Action, Workspace

_WAYS: dict[str, Workspace] = {
    "ipythonExercice": "copy",
    "notebookLazyCopy": "copy",
    "notebookGitRepo": "git",
}

_ACTIONS: dict[str, Action] = {"forcecopy": "reset", "undo": "undo"}

_PULL = "git-pull"
_PAGES = ("tree", "lab", "notebooks", _PULL)
"""What of Jupyter may be asked for (S15)."""

_OURS = ("token", "course", "student")
"""Parameters that we alone give a page; a token in a URL would stand over the lab's (S-19)."""

_SIGNED = re.compile(r"(?:^|&)action=[^&]*&platform=.*$")
_SAFE = "/:@!$&'()*+,;="

_LONGEST = 4096
_LAB = re.compile(rb"/([0-9]+)(?:/|$)")


_SHOWN = re.compile(r"/[0-9]+/(?:notebooks|edit|(?:lab|doc)(?:/workspaces/[^/]+)?/tree)/(.+)")


class NoSuchAddress(ValueError):
    """No launch URL, or one with a name that nothing can have; says which."""


class Click(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for who opens a launch URL; nobody has vouched for it yet."""

    place: Place
    action: Action
    """What the query asks for beside what is signed: the course's original by ``forcecopy`` (S2),
    what was there before it by ``undo`` (E-19)."""

    query: str
    """The rest, as it came."""


def lab_in(raw_path: bytes) -> str | None:
    """The capability of a path under a lab's base URL, ``/<digits>/…``; None for any other."""
    found = _LAB.match(raw_path)
    return found[1].decode() if found else None


def notebook_in(raw_path: bytes) -> str:
    """The canonical name of the notebook that a page of a lab shows; empty for any other page."""
    try:
        found = _SHOWN.fullmatch(_decoded(raw_path))
        return names.notebook(found[1]) if found else ""
    except (NoSuchAddress, names.BadName):
        return ""


def rescue(capability: str, notebook: str) -> str:
    """Where who knows a lab's URL finds their work when it does not serve it."""
    return f"/-/lab/{capability}/rescue" + (f"?notebook={quote(notebook)}" if notebook else "")


def click(raw_path: bytes, query: bytes) -> Click:
    """Read a launch URL, its path as it came over the wire.

    Raises:
        NoSuchAddress: it is none.
    """
    place = _place(_decoded(raw_path))
    action, rest = _without_action(query.decode("ascii", errors="replace"))
    return Click(place=place, action=action, query=rest)


def notebook_place(raw_path: bytes) -> Place:
    """Read ``/<way>/<course>/<notebook>/<student>[/]``, whatever the way.

    Raises:
        NoSuchAddress: it is none.
    """
    parts = _parts(raw_path)
    if len(parts) < 3:
        raise NoSuchAddress("no notebook in it")
    return _named("copy", parts)


def workspace_place(raw_path: bytes) -> Place:
    """Read ``/<way>/<course>/<student>[/]``, whatever the way; no notebook is in it.

    Raises:
        NoSuchAddress: it is none.
    """
    parts = _parts(raw_path)
    if len(parts) != 2:
        raise NoSuchAddress("not a course and a student")
    try:
        return Place(course=parts[0], notebook="", student=parts[1])
    except names.BadName as e:
        raise NoSuchAddress(str(e)) from e


class Forward(msgspec.Struct, frozen=True, kw_only=True):
    """A page of Jupyter that somebody asks for (S15)."""

    place: Place
    """Without a notebook."""

    page: str
    """Path and query, below the lab's own address; the path percent-encoded anew."""

    repository: str | None
    """What is to be pulled, if that is what the page does."""

    signed: str
    """The part of the query that may be signed: its end."""


def forward(raw_path: bytes, query: bytes) -> Forward:
    """Read ``/<way>/<course>/<student>/<page>?<its query>[&<what is signed>]``.

    Raises:
        NoSuchAddress: it is none, or the page is none that may be asked for.
    """
    course, _, rest = "/".join(_parts(raw_path)).partition("/")
    student, _, page = rest.partition("/")
    segments = page.split("/")
    if (
        segments[0] not in _PAGES
        or any(s in (".", "..") for s in segments)
        or not page.isprintable()
    ):
        raise NoSuchAddress("no page that may be asked for")
    given, signed = _without_signature(query.decode("ascii", errors="replace"))
    repository = None
    if segments[0] == _PULL:
        repository = next(iter(parse_qs(given).get("repo", [])), "")
    try:
        place = Place(course=course, notebook="", student=student)
    except names.BadName as e:
        raise NoSuchAddress(str(e)) from e
    asked = quote(page, safe=_SAFE) + (f"?{given}" if given else "")
    return Forward(place=place, page=asked, repository=repository, signed=signed)


def _without_signature(query: str) -> tuple[str, str]:
    """A page's own query, and what is signed behind it; nothing of ours goes into the lab."""
    found = _SIGNED.search(query)
    given = query[: found.start()] if found else query
    own = (p for p in given.split("&") if unquote_plus(p.partition("=")[0]) not in _OURS)
    return "&".join(filter(None, own)), found[0].removeprefix("&") if found else ""


def _parts(raw_path: bytes) -> list[str]:
    """What follows the way."""
    _, _, rest = _decoded(raw_path).removeprefix("/").partition("/")
    return rest.removesuffix("/").split("/")


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
    return _named(_WAYS[way], parts)


def _named(workspace: Workspace, parts: list[str]) -> Place:
    try:
        return Place(
            workspace=workspace,
            course=parts[0],
            notebook=names.notebook("/".join(parts[1:-1])),
            student=parts[-1],
        )
    except names.BadName as e:
        raise NoSuchAddress(str(e)) from e


def _without_action(query: str) -> tuple[Action, str]:
    first, _, rest = query.partition("&")
    if (action := _action(first)) != "open":
        return action, rest
    # Pages written for the original may have it anywhere; in a signed query it has no other place.
    found = (a for a in map(_action, rest.split("&")) if a != "open")
    return next(found, "open"), query


def _action(parameter: str) -> Action:
    return _ACTIONS.get(parameter.partition("=")[0], "open")
