"""Which notebooks a pattern names (G13). Pure.

As ``pathlib`` globs: ``*``, ``?`` and ``[…]`` within a name, ``**`` for any number of folders.
Time is linear in the path, whatever the pattern is.
"""

import bisect
import fnmatch
import itertools
import re
from collections.abc import Iterable

_MAGIC = re.compile(r"[*?\[]")
_MOST_TESTS = 1_000_000
"""Of one word of a pattern against one notebook, for a whole course: a second or two."""


class TooMany(ValueError):
    """The patterns of a course take longer to look at than anybody should wait."""


class Notebooks:
    """The notebooks of a course, to be looked for."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._sorted = sorted(paths)
        self._all = frozenset(self._sorted)
        self._left = _MOST_TESTS

    def named(self, pattern: str) -> list[str]:
        """What a pattern names, in the order of their folders; if nothing, with any suffix.

        Raises:
            TooMany: too much has been asked for.
        """
        return self._matching(pattern) or self._matching(f"{pattern}.*")

    def _matching(self, pattern: str) -> list[str]:
        words = _words(pattern)
        if not _MAGIC.search(pattern):
            path = "/".join(words)
            return [path] if path in self._all else []
        candidates = self._below(_literal(words))
        self._left -= (len(candidates) + 1) * len(words)
        if self._left < 0:
            raise TooMany("the course has too many patterns: this one was not looked at")
        steps = [_step(word) for word in words]
        found = [path for path in candidates if _matches(path.split("/"), steps)]
        return sorted(found, key=lambda path: path.split("/"))

    def _below(self, folder: str) -> list[str]:
        first = bisect.bisect_left(self._sorted, folder)
        last = bisect.bisect_left(self._sorted, f"{folder}\U0010ffff") if folder else None
        return self._sorted[first:last]


def _words(pattern: str) -> list[str]:
    words = [word for word in pattern.split("/") if word and word != "."]
    return [w for before, w in itertools.pairwise(["", *words]) if not before == w == "**"]


def _literal(words: list[str]) -> str:
    """The folder that all of them lie in, with its slash."""
    folder = ""
    for word in words[:-1]:
        if _MAGIC.search(word):
            break
        folder += f"{word}/"
    return folder


def _step(word: str) -> re.Pattern[str] | None:
    """None stands for any number of folders."""
    return None if word == "**" else re.compile(fnmatch.translate(word))


def _matches(parts: list[str], steps: list[re.Pattern[str] | None]) -> bool:
    here = _on({0}, steps)
    for part in parts:
        after = set()
        for at in here:
            if at == len(steps):
                continue
            step = steps[at]
            if step is None:
                after.add(at)
            elif step.match(part):
                after.add(at + 1)
        here = _on(after, steps)
    return len(steps) in here


def _on(here: set[int], steps: list[re.Pattern[str] | None]) -> set[int]:
    """Also where no folder at all is skipped."""
    for at in sorted(here):
        while at < len(steps) and steps[at] is None:
            at += 1
            here.add(at)
    return here
