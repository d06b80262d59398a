"""Where things are on this machine's disk (DESIGN.md, Files on disk)."""

import re
from pathlib import Path
from typing import NamedTuple

from nbh_builder.failure import BuildError
from nbh_proto import names

_CONTEXT = re.compile(r"[0-9a-f]{64}")


class Places(NamedTuple):
    """The folders under ``site.data`` that the builder reads or owns."""

    data: Path

    @property
    def own(self) -> Path:
        """Ours alone; closed to everybody but root."""
        return self.data / "builder"

    @property
    def logs(self) -> Path:
        """The last log of each build."""
        return self.own / "logs"

    @property
    def taken(self) -> Path:
        """A file for each command that was taken and not ended."""
        return self.own / "taken"

    @property
    def work(self) -> Path:
        """What containers of builds write; gone after each."""
        return self.own / "work"

    @property
    def lock(self) -> Path:
        """Held by the one builder that works here."""
        return self.own / "lock"

    def course(self, course: str) -> Path:
        """What the courses service has of a course."""
        return self.data / "courses" / names.checked_id("course", course)

    def context(self, course: str, context: str) -> Path:
        """What a build of a course's image may read.

        Raises:
            BuildError: that is the name of no context.
        """
        if not _CONTEXT.fullmatch(context):
            raise BuildError("internal", f"{context!r} is no context")
        return self.course(course) / "contexts" / context
