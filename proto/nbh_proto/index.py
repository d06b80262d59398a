"""What a published revision of a course holds, told apart so that nobody else need parse it.

The titles of its notebooks, its tracks, its builds, and what is wrong with any of them.
"""

from typing import Literal

import msgspec

Level = Literal["error", "warning"]
"""An error is left out of the course, or breaks something for students; a warning does neither."""

UNTITLED = "n/a"
"""The version of a notebook that cannot be read (G16)."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a course that its teacher should know, and where it stands."""

    file: str
    """Relative to the repository; ``local/nbhosting.yaml`` for the operator's own."""

    line: int = 0
    """From 1; 0 for the whole file."""

    key: str = ""
    """Where in a YAML file: words from the outermost on, for example
    ``tracks: entry 2: sections: entry 1``."""

    what: str
    level: Level = "error"

    @property
    def sentence(self) -> str:
        """All of it on one line."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.what) if part)


class Notebook(msgspec.Struct, frozen=True, kw_only=True):
    """One notebook, as a list shows it (G16)."""

    path: str
    """Relative to the course, with its suffix."""

    title: str
    version: str


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a track; it is never empty."""

    name: str
    notebooks: tuple[str, ...]
    """Their paths, in order."""


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One way through a course (G12); it is never empty."""

    id: str
    """Unique in its course; what a URL names it by (C4)."""

    name: str
    description: str = ""
    sections: tuple[Section, ...]


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """A documentation that is built of a course, or stands elsewhere (G18)."""

    id: str
    """Unique in its course, and an id as `nbh_proto.names.ID` has it: it names a folder."""

    name: str
    description: str = ""
    script: str = ""
    """Shell commands; empty where there is nothing to build (then ``external_url`` is not)."""

    directory: str = "."
    """Where the script runs, relative to the repository; never out of it."""

    result_folder: str = "_build/html"
    """Relative to ``directory``; never out of it."""

    entry_point: str = "index.html"
    """Relative to ``result_folder``; never out of it."""

    external_url: str = ""
    """``http://`` or ``https://``, or empty."""
