"""The links beside each notebook, into the static area (G10, S10). Pure."""

from typing import NamedTuple

from nbh_courses.settings.given import Given, Wrong

DEFAULT_MAPPINGS = (("media", "media"), ("data", "data"))
_KEYS = ("source", "destination")


class MappingWanted(NamedTuple):
    """One mapping, and where it is declared."""

    source: str
    destination: str
    given: Given

    @property
    def pair(self) -> tuple[str, str]:
        """Source and destination."""
        return self.source, self.destination

    @property
    def top(self) -> str:
        """The top-level folder of the repository that it needs."""
        return self.destination.split("/")[0]


def mapping(entry: Given) -> MappingWanted:
    """One entry of ``static-mappings``.

    Raises:
        Wrong: it names no folder beside a notebook, or no path below the course's folder.
    """
    source, destination = (_path(entry, key) for key in _KEYS)
    if "/" in source or not _is_name(source):
        raise entry.wrong(f"source: {source!r} is no name of a folder beside a notebook")
    if not all(_is_name(part) for part in destination.split("/")):
        raise entry.wrong(f"destination: {destination!r} is no path below the course's folder")
    return MappingWanted(source, destination, entry)


def _path(entry: Given, key: str) -> str:
    given = entry.mapping().get(key)
    if given is None:
        raise entry.wrong(f"{key} is missing")
    if not isinstance(given.value, str):
        raise Wrong(given.problem(f"expected a text, got {given.value!r:.40}"))
    return given.value.rstrip("/")


def _is_name(part: str) -> bool:
    return bool(part) and part not in (".", "..") and part.isprintable()
