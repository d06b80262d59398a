"""What of a repository goes where in a revision (G2, G4, S10, U1). Pure.

``notebooks`` gets every notebook at its path, ``modules`` and ``static`` whole folders, and
``jupyter`` what the course says to Jupyter. There are no links in a revision: one to a file
becomes that file, outside ``notebooks`` one to a folder becomes that folder, and one that leads
out of the repository is left out and told (S-14).
"""

from collections.abc import Iterable
from typing import NamedTuple

from nbh_courses.failure import CourseError
from nbh_courses.nodes import File, Folder, Found, Link, Node, Submodule, Trail, follow
from nbh_proto import Problem
from nbh_proto.names import MAX_COMPONENT_BYTES, NOTEBOOK_SUFFIXES

AREAS = ("notebooks", "modules", "static", "jupyter")

LAYERS = (".nbhosting", "nbhosting")
"""Where a course's configuration is in its repository, the lowest layer first (G7)."""

DOCKERFILES = ("Dockerfile", "Containerfile")
"""What an image is built of, in one of the layers; the first that is there."""

OLD_NAMES = ("nbconfig/notebook.json", "labconfig/default_setting_overrides.json")
"""Files of Jupyter's configuration that courses have beside their folder ``jupyter`` (U1)."""

MAX_FILES = 200_000
MAX_PATH = 1024
"""Bytes, within its area. No notebook may have a longer name (S-41)."""


class Placed(NamedTuple):
    """A file and where it goes, relative to the revision."""

    path: str
    file: File | bytes
    """From the repository, or what we have made of its files."""


class Plan(NamedTuple):
    """All that a revision will hold."""

    files: tuple[Placed, ...]
    notebooks: int
    problems: tuple[Problem, ...]
    """What is left out and should not be."""


def plan(root: Folder, mappings: Iterable[tuple[str, str]]) -> Plan:
    """Where everything goes.

    Raises:
        CourseError: links multiply the repository beyond all measure.
    """
    planning = _Planning(root)
    planning.notebooks()
    notebooks = len(planning.files)
    planning.whole("modules", "")
    for top in dict.fromkeys(destination.split("/")[0] for _, destination in mappings):
        planning.whole(top, "static/")
    planning.jupyter()
    files = tuple(Placed(path, file) for path, file in planning.files.items())
    return Plan(files, notebooks, tuple(planning.problems))


def everything(folder: Folder) -> Plan:
    """All that is in a folder, by its path there; links are followed within it.

    Raises:
        CourseError: links multiply it beyond all measure.
    """
    planning = _Planning(folder)
    for name in sorted(folder):
        planning.whole(name, "")
    files = tuple(Placed(path, file) for path, file in planning.files.items())
    return Plan(files, 0, tuple(planning.problems))


class _Visit(NamedTuple):
    """A folder to look into, and how we came there."""

    trail: Trail
    path: str
    entered: frozenset[int]
    """The folders on the way, by identity: a link back to one goes round in circles."""


class _Planning:
    def __init__(self, root: Folder) -> None:
        self._root = root
        self.files: dict[str, File] = {}
        self.problems: dict[Problem, None] = {}
        """In order, each once."""

    def notebooks(self) -> None:
        """Every notebook, but for hidden top-level folders (.git, .nbhosting and the like)."""
        shown = {
            name: node
            for name, node in self._root.items()
            if not (name.startswith(".") and isinstance(node, dict))
        }
        left = [_Visit((self._root,), "", frozenset())]
        while left:
            visit = left.pop()
            inner = visit.trail[-1] if visit.path else shown
            for name, node in sorted(inner.items()):
                path = visit.path + name
                if isinstance(node, dict):
                    left.append(_Visit((*visit.trail, node), f"{path}/", frozenset()))
                elif isinstance(node, Submodule):
                    self._tell(path, "submodules are not fetched")
                elif name.endswith(NOTEBOOK_SUFFIXES):
                    found = self._found(visit.trail, path, node)
                    if found and isinstance(found.node, File):
                        self._place("notebooks/", path, found.node)

    def whole(self, top: str, area: str) -> bool:
        """A top-level folder (or file) with all that is in it; whether there is one."""
        if top not in self._root:
            return False
        start = _Visit((self._root,), "", frozenset({id(self._root)}))
        self._all(self._into(start, area, top, self._root[top]), area)
        return True

    def jupyter(self) -> None:
        """Jupyter's configuration: the old names, and over them the folders ``jupyter`` (U1)."""
        for layer in LAYERS:
            for name in OLD_NAMES:
                found = follow((self._root,), f"{layer}/{name}")
                if found and isinstance(found.node, File):
                    self._place("jupyter/", name, found.node)
        for layer in LAYERS:
            found = follow((self._root,), f"{layer}/jupyter")
            if found and not isinstance(found.node, File):
                entered = frozenset({id(self._root), id(found.node)})
                self._all([_Visit(found.trail, "", entered)], "jupyter/")

    def _all(self, left: list[_Visit], area: str) -> None:
        while left:
            visit = left.pop()
            for name, node in sorted(visit.trail[-1].items()):
                left += self._into(visit, area, name, node)

    def _into(self, visit: _Visit, area: str, name: str, node: Node) -> list[_Visit]:
        path = visit.path + name
        found = self._found(visit.trail, path, node)
        if found is None:
            return []
        if isinstance(found.node, File):
            self._place(area, path, found.node)
            return []
        if id(found.node) in visit.entered:
            self._tell(path, "a link to a folder that it lies in is left out")
            return []
        return [_Visit(found.trail, f"{path}/", visit.entered | {id(found.node)})]

    def _found(self, trail: Trail, path: str, node: Node) -> Found | None:
        match node:
            case File():
                return Found(node, trail)
            case Link(target):
                if found := follow(trail, target):
                    return found
                self._tell(path, "a link that leads out of the repository or nowhere is left out")
                return None
            case Submodule():
                return None
            case _:
                return Found(node, (*trail, node))

    def _place(self, area: str, path: str, file: File) -> None:
        name = path.encode(errors="surrogateescape")
        if len(name) > MAX_PATH or max(map(len, name.split(b"/"))) > MAX_COMPONENT_BYTES:
            self._tell(path[:80], "a name this long is left out")
        elif len(self.files) >= MAX_FILES:
            raise CourseError("too-big", f"more than {MAX_FILES} files, links followed")
        else:
            self.files[area + path] = file

    def _tell(self, path: str, what: str) -> None:
        self.problems[Problem(file=printable(path), what=what)] = None


def printable(path: str) -> str:
    """A path as people may be shown it, whatever its bytes are."""
    text = path.encode(errors="surrogateescape").decode(errors="replace")
    return "".join(c if c.isprintable() else "?" for c in text)
