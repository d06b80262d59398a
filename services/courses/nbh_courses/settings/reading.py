"""Joins the layers: lists are joined, of a value or a filter the highest layer's stands (G9)."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from nbh_courses.settings import builds, general, given, mappings, tracks
from nbh_courses.settings.given import Given, Wrong
from nbh_courses.settings.mappings import DEFAULT_MAPPINGS, MappingWanted
from nbh_courses.settings.tracks import TrackWanted
from nbh_proto import Build, Problem

T = TypeVar("T")

FILE = "nbhosting.yaml"
OPERATORS = f"local/{FILE}"
"""What problems call the operator's own layer, the highest."""

_GENERAL = {general.URL_FORMAT}


class Settings(NamedTuple):
    """What a course says about itself, with defaults for what it does not say."""

    static_mappings: tuple[tuple[str, str], ...] = DEFAULT_MAPPINGS
    notebook_url_format: str = general.DEFAULT_FORMAT
    tracks: tuple[TrackWanted, ...] = ()
    builds: tuple[Build, ...] = ()
    declared: tuple[MappingWanted, ...] = ()
    """The mappings again, each with where it is declared; none of the default ones."""

    built: tuple[Given, ...] = ()
    """Where each of the builds is declared."""


class Read(NamedTuple):
    """The settings and what is wrong with them."""

    settings: Settings
    problems: tuple[Problem, ...]


def read(layers: Sequence[tuple[str, bytes | None]]) -> Read:
    """Settings from files, the lowest layer first. Each has its name and its text, or None where
    it is larger than `MAX_BYTES`.
    """
    reading = _Reading()
    for name, text in layers:
        reading.add(name, text)
    return Read(reading.settings(), tuple(reading.problems))


class _Reading:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._mappings: list[MappingWanted] | None = None
        self._format = general.DEFAULT_FORMAT
        self._tracks: list[TrackWanted] = []
        self._builds: list[tuple[Build, Given]] = []
        self._filters: dict[str, list[Given]] = {}
        self._keys: dict[str, Callable[[Given], None]] = {
            "general": self._take_general,
            "tracks": self._take_tracks,
            "tracks-filter": self._take_filter,
            "static-mappings": self._take_mappings,
            "builds": self._take_builds,
            "builds-filter": self._take_filter,
        }

    def settings(self) -> Settings:
        tracks_ = self._one_for_each_id((t.id, t.given, t) for t in self._tracks)
        builds_ = self._one_for_each_id((b.id, at, (b, at)) for b, at in self._builds)
        tracks_ = self._filtered("tracks-filter", tracks_)
        builds_ = self._filtered("builds-filter", builds_)
        declared: dict[tuple[str, str], MappingWanted] = {}
        for each in self._mappings or ():
            declared.setdefault(each.pair, each)
        return Settings(
            static_mappings=DEFAULT_MAPPINGS if self._mappings is None else tuple(declared),
            notebook_url_format=self._format,
            tracks=tuple(tracks_.values()),
            builds=tuple(b for b, _ in builds_.values()),
            declared=tuple(declared.values()),
            built=tuple(at for _, at in builds_.values()),
        )

    def add(self, name: str, text: bytes | None) -> None:
        try:
            whole = given.load(name, text)
        except Wrong as e:
            self.problems.append(e.problem)
            return
        self.problems += _given_twice(whole)
        for key, value in whole.mapping().items():
            if key not in self._keys:
                self.problems.append(value.problem(given.not_known(key, self._keys), "warning"))
            else:
                self._try(self._keys[key], value)

    def _try(self, take: Callable[[Given], T], value: Given) -> T | None:
        try:
            return take(value)
        except Wrong as e:
            self.problems.append(e.problem)
            return None

    def _take_general(self, value: Given) -> None:
        self.problems += tracks.unknown(value, _GENERAL)
        said = value.mapping().get(general.URL_FORMAT)
        if said and said.value is not None:
            self._format = general.url_format(said)

    def _take_mappings(self, value: Given) -> None:
        entries = value.entries()
        self._mappings = self._mappings or []
        self._mappings += self._each(mappings.mapping, entries)

    def _take_tracks(self, value: Given) -> None:
        self._tracks += self._each(lambda e: tracks.track(e, self.problems), value.entries())

    def _take_builds(self, value: Given) -> None:
        self._builds += self._each(lambda e: (builds.build(e), e), value.entries())

    def _take_filter(self, value: Given) -> None:
        # as many as can be read: a filter with a wrong entry must not show what it hides
        entries = value.entries()
        for entry in entries:
            entry.text()
        self._filters[value.key] = entries

    def _each(self, take: Callable[[Given], T], entries: Iterable[Given]) -> list[T]:
        return [taken for entry in entries if (taken := self._try(take, entry)) is not None]

    def _one_for_each_id(self, found: Iterable[tuple[str, Given, T]]) -> dict[str, T]:
        kept: dict[str, T] = {}
        for id_, at, value in found:
            if id_ in kept:
                self.problems.append(at.problem(f"another one has the id {id_!r} already"))
            else:
                kept[id_] = value
        return kept

    def _filtered(self, key: str, all_: dict[str, T]) -> dict[str, T]:
        wanted = {entry.text(): entry for entry in self._filters.get(key, ())}
        for id_, entry in wanted.items():
            if id_ not in all_:
                self.problems.append(entry.problem(f"nothing has the id {id_!r}", "warning"))
        return {id_: v for id_, v in all_.items() if id_ in wanted} if wanted else all_


def _given_twice(whole: Given) -> list[Problem]:
    return [
        each.problem(f"{key!r:.80} is given twice: the last one counts", "warning")
        for each in whole.everything()
        for key in each.twice
    ]
