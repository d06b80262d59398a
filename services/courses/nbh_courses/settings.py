"""A course's ``nbhosting.yaml``: what of it is used so far. Pure.

Whatever is wrong is told and left out, and the rest of the course works (G10, G12 as decided).
Other keys are other releases', or for other services.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
import yaml

T = TypeVar("T")

FILE = "nbhosting.yaml"
DEFAULT_MAPPINGS = (("media", "media"), ("data", "data"))
DEFAULT_FORMAT = "notebooks/{notebook}"

MAX_BYTES = 256 * 1024
_MAX_DEPTH = 32
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\<>\"]|^/|//|(?:^|/)\.\.?(?:/|$)|^[a-z]+:")


class StaticMapping(msgspec.Struct, frozen=True, kw_only=True):
    """A link beside each notebook, into the static area (S10)."""

    source: str
    destination: str


class General(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What is neither about tracks nor about builds."""

    notebook_url_format: str | None = None


class Settings(NamedTuple):
    """What a course says about itself, with defaults for what it does not say."""

    static_mappings: tuple[tuple[str, str], ...] = DEFAULT_MAPPINGS
    notebook_url_format: str = DEFAULT_FORMAT


class Read(NamedTuple):
    """The settings and what is wrong with them, in sentences."""

    settings: Settings
    problems: tuple[str, ...]


class _Wrong(ValueError):
    """A key or a file that cannot be used, and why."""


def read(layers: Sequence[tuple[str, bytes | None]]) -> Read:
    """Settings from files, the lowest layer first: lists are joined, of a value the highest
    stands (G9). Each has its name and its text, or None where it is larger than `MAX_BYTES`.
    """
    reading = _Reading()
    for name, text in layers:
        reading.add(name, text)
    return Read(reading.settings, tuple(reading.problems))


class _Reading:
    def __init__(self) -> None:
        self.problems: list[str] = []
        self._mappings: list[tuple[str, str]] | None = None
        self._format = DEFAULT_FORMAT
        self._keys = (
            ("static-mappings", self._take_mappings),
            ("general", self._take_general),
        )

    @property
    def settings(self) -> Settings:
        mappings = DEFAULT_MAPPINGS if self._mappings is None else tuple(self._mappings)
        return Settings(tuple(dict.fromkeys(mappings)), self._format)

    def add(self, name: str, text: bytes | None) -> None:
        try:
            whole = _loaded(text)
        except _Wrong as e:
            self.problems.append(f"{name}: {e}")
            return
        for key, take in (
            ("static-mappings", self._take_mappings),
            ("general", self._take_general),
        ):
            if key in whole:
                try:
                    take(name, whole[key])
                except _Wrong as e:
                    self.problems.append(f"{name}: {key}: {e}")

    def _take_mappings(self, name: str, given: Any) -> None:
        entries = _as(list[Any], given or [])
        taken = self._mappings = self._mappings or []
        for number, entry in enumerate(entries, 1):
            try:
                taken.append(_mapping(entry))
            except _Wrong as e:
                self.problems.append(f"{name}: static-mappings: entry {number}: {e}")

    def _take_general(self, _name: str, given: Any) -> None:
        general = _as(General, given or {})
        if general.notebook_url_format is not None:
            self._format = _url_format(general.notebook_url_format)


def _loaded(text: bytes | None) -> Mapping[str, Any]:
    if text is None:
        raise _Wrong(f"is larger than {MAX_BYTES} bytes")
    try:
        _check_events(text)
        return _as(dict[str, Any], yaml.load(text, Loader=yaml.CSafeLoader) or {})
    except yaml.YAMLError as e:
        raise _Wrong(f"is no YAML: {_in_a_line(e)}") from e
    except (ValueError, RecursionError) as e:  # such as a date that no calendar has
        raise _Wrong(f"cannot be read: {e}") from e


def _check_events(text: bytes) -> None:
    """Refuse what grows when it is read (a few lines of aliases make billions of values)."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _Wrong(f"{_line(event.start_mark)}: aliases (*{event.anchor}) are not taken")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise _Wrong(f"{_line(event.start_mark)}: nested too deeply")


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}"


def _in_a_line(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{_line(error.problem_mark)}: {error.problem}"
    return str(error).partition("\n")[0]


def _mapping(entry: Any) -> tuple[str, str]:
    mapping = _as(StaticMapping, entry)
    source, destination = mapping.source.rstrip("/"), mapping.destination.rstrip("/")
    if "/" in source or not _is_name(source):
        raise _Wrong(f"source: {source!r} is no name of a folder beside a notebook")
    if not all(_is_name(part) for part in destination.split("/")):
        raise _Wrong(f"destination: {destination!r} is no path below the course's folder")
    return source, destination


def _is_name(part: str) -> bool:
    return bool(part) and part not in (".", "..") and part.isprintable()


def _url_format(text: str) -> str:
    """A path under the lab's base URL; original courses write it with or without a slash."""
    path = text.removeprefix("/")
    around = path.split("{notebook}")
    if len(around) != 2 or "{" in "".join(around) or "}" in "".join(around):
        raise _Wrong("notebook-url-format: holds {notebook} once, and no other braces")
    if _UNSAFE.search(path.replace("{notebook}", "n")):
        raise _Wrong("notebook-url-format: is no path under the lab's own address")
    return path


def _as(type_: type[T], given: Any) -> T:
    try:
        return msgspec.convert(given, type_)
    except msgspec.ValidationError as e:
        raise _Wrong(str(e)) from e
