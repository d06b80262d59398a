"""What a commit is made of, and how a link in it is followed without leaving it. Pure."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

MAX_HOPS = 40
"""As Linux has it for symbolic links."""

NOWHERE = "/"
"""A step that no folder has: where absolute and empty targets begin."""


@dataclass(frozen=True, slots=True)
class File:
    """A file: its blob's id and whether it may be executed."""

    blob: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link. It is data here: no file system ever follows it."""

    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    """Another repository, at this place; not fetched."""

    commit: bytes = b""
    """The one that is pinned."""


Node: TypeAlias = "File | Link | Submodule | Folder"
Folder: TypeAlias = "dict[str, Node]"

Trail: TypeAlias = "tuple[Folder, ...]"
"""A folder, after all those it lies in, from the root."""


class Found(NamedTuple):
    """What a link leads to."""

    node: "File | Folder"
    trail: Trail
    """Where it lies; if it is a folder, with itself at the end."""


def follow(trail: Trail, target: str) -> Found | None:
    """What a link leads to that lies in a folder.

    None if it leads out of the repository or nowhere, to a submodule, or round in circles (S-14).
    """
    words = _words(target)
    hops = 0
    while words:
        match trail[-1].get(word := words.pop()):
            case _ if word == ".":
                pass
            case _ if word == "..":
                trail = trail[:-1]
            case dict() as folder:
                trail = (*trail, folder)
            case Link(onward) if hops < MAX_HOPS:
                hops += 1
                words += _words(onward)
            case File() as file:
                return None if words else Found(file, trail)
            case _:
                return None
        if not trail:
            return None
    return Found(trail[-1], trail)


def _words(target: str) -> list[str]:
    """The steps of a target, the first one last. The first of an absolute one leads out."""
    if not target:
        return [NOWHERE]
    words = [word for word in target.split("/") if word]
    return [*words[::-1], *([NOWHERE] if target.startswith("/") else [])]
