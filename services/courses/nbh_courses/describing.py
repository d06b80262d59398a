"""What a tree of files says about itself as a course, before anything is made of it."""

from typing import NamedTuple

from nbh_courses import front_end, layout, settings, sources
from nbh_courses.front_end import FrontEnd
from nbh_courses.layout import LAYERS, Placed, Plan
from nbh_courses.nodes import File, Folder, follow
from nbh_courses.settings import Read
from nbh_courses.sources import Source
from nbh_proto import Problem


class Described(NamedTuple):
    """A course's settings, and what of it goes where."""

    root: Folder
    read: Read
    plan: Plan
    front_end: FrontEnd

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with it so far."""
        return (*self.read.problems, *self.plan.problems, *self.front_end.problems)

    @property
    def written(self) -> Plan:
        """The plan, with what a course says to the front end in the one place where it is read."""
        files = tuple(placed for placed in self.plan.files if placed.path != front_end.OVERRIDES)
        if self.front_end.overrides is not None:
            files = (*files, Placed(front_end.OVERRIDES, self.front_end.overrides))
        return self.plan._replace(files=files)


def describe(root: Folder, source: Source, local: bytes | None) -> Described:
    """What a tree says; ``local`` is the operator's own layer of its settings (G7).

    Raises:
        CourseError: its files cannot be read, or there is too much of it.
    """
    read = settings.read([*_layers(root, source), *_operators(local)])
    plan = layout.plan(root, read.settings.static_mappings)
    return Described(root, read, plan, _front_end(plan, source))


def _layers(root: Folder, source: Source) -> list[tuple[str, bytes | None]]:
    layers: list[tuple[str, bytes | None]] = []
    for layer in LAYERS:
        name = f"{layer}/{settings.FILE}"
        found = follow((root,), name)
        if found and isinstance(found.node, File):
            layers.append((name, sources.text(source, found.node, settings.MAX_BYTES)))
    return layers


def _operators(local: bytes | None) -> list[tuple[str, bytes | None]]:
    if local is None:
        return []
    return [(settings.OPERATORS, local if len(local) <= settings.MAX_BYTES else None)]


def _front_end(plan: Plan, source: Source) -> FrontEnd:
    wanted = ((path, file) for path, file in plan.files if front_end.concerns(path))
    texts = {
        path: sources.text(source, file, front_end.MAX_BYTES)
        for path, file in wanted
        if isinstance(file, File)
    }
    return front_end.read(texts)
