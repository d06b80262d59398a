"""Tracks of a course as the notebooks that they lead to (G12 to G14, C4). Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from nbh_courses.patterns import Notebooks, TooMany
from nbh_courses.settings.tracks import SectionWanted, TrackWanted
from nbh_proto import Problem, Section, Track

GENERIC = "generic"


class Led(NamedTuple):
    """The tracks, and which of their patterns lead nowhere."""

    tracks: tuple[Track, ...]
    problems: tuple[Problem, ...]


def lead(wanted: Iterable[TrackWanted], notebooks: Iterable[str]) -> Led:
    """What the tracks lead to; a generic one where there would be none."""
    paths = tuple(notebooks)
    leading = _Leading(paths)
    tracks = tuple(track for each in wanted if (track := leading.track(each)))
    return Led(tracks or generic(paths), tuple(leading.problems))


def generic(paths: Iterable[str]) -> tuple[Track, ...]:
    """The track of a course that declares none: a section for each folder (G14)."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        folders[path.rpartition("/")[0]].append(path)
    sections = tuple(
        Section(name=folder or ".", notebooks=tuple(sorted(folders[folder])))
        for folder in sorted(folders)
    )
    if not sections:
        return ()
    return (Track(id=GENERIC, name=GENERIC, sections=sections),)


class _Leading:
    def __init__(self, paths: Iterable[str]) -> None:
        self._notebooks = Notebooks(paths)
        self.problems: list[Problem] = []

    def track(self, wanted: TrackWanted) -> Track | None:
        """A track with the sections that hold something; None if there are none."""
        sections = tuple(s for each in wanted.sections if (s := self._section(each)))
        if not sections:
            self.problems.append(wanted.given.problem("has no notebook: it is not shown"))
            return None
        return Track(
            id=wanted.id, name=wanted.name, description=wanted.description, sections=sections
        )

    def _section(self, wanted: SectionWanted) -> Section | None:
        found: dict[str, None] = {}
        for pattern in wanted.patterns:
            try:
                named = self._notebooks.named(pattern.text)
            except TooMany as e:
                self.problems.append(pattern.given.problem(str(e)))
                continue
            if not named:
                self.problems.append(pattern.given.problem(f"{pattern.text!r} names no notebook"))
            found |= dict.fromkeys(named)
        if not wanted.patterns:
            self.problems.append(wanted.given.problem("has no notebook", "warning"))
        return Section(name=wanted.name, notebooks=tuple(found)) if found else None
