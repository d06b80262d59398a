"""Which of many things a person means (O34). Pure."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

_SPECIAL = frozenset("*?[")


def is_pattern(word: str) -> bool:
    """Whether a word has signs of a pattern: ``*``, ``?`` or ``[``."""
    return not _SPECIAL.isdisjoint(word)


def matches(name: str, word: str) -> bool:
    """Whether a word means a name: a pattern as `fnmatch` has it; a bare word is contained."""
    return fnmatchcase(name, word) if is_pattern(word) else word in name


def meant(names: Iterable[str], words: Sequence[str]) -> list[str]:
    """The names that any of the words means, in order; all of them where there is no word.

    A word that is a name itself means that one alone.

    >>> meant(["py", "py3", "r"], ["py"])
    ['py']
    >>> meant(["py", "py3", "r"], ["y"])
    ['py', 'py3']
    >>> meant(["py", "py3", "r"], ["py?", "r"])
    ['py3', 'r']
    """
    ordered = sorted(names)
    if not words:
        return ordered
    known = set(ordered)
    return [
        name
        for name in ordered
        if any(name == word if word in known else matches(name, word) for word in words)
    ]
