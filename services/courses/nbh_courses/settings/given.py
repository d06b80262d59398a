"""YAML as a tree that knows where each of its values stands. Pure.

Nothing in it can be code, grow when it is read, or be nested beyond all measure.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from nbh_proto import Problem
from nbh_proto.index import Level

MAX_BYTES = 256 * 1024
_MAX_DEPTH = 32
_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float")}


class Wrong(ValueError):
    """A value or a file that cannot be used, and where it stands."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Given:
    """One value of a file: a scalar, a list or a mapping of such."""

    file: str
    line: int
    """From 1; 0 for what is in no line."""

    key: str
    """The words that lead here, as `Problem.key` has them."""

    value: Any
    """None, bool, int, float, str; ``list[Given]``; ``dict[str, Given]``."""

    twice: tuple[str, ...] = field(default=())
    """Keys that a mapping has more than once; the last one counts."""

    def problem(self, what: str, level: Level = "error") -> Problem:
        """What is wrong here."""
        return Problem(file=self.file, line=self.line, key=self.key, what=what, level=level)

    def wrong(self, what: str) -> Wrong:
        """So wrong that it cannot be used."""
        return Wrong(self.problem(what))

    def mapping(self) -> dict[str, "Given"]:
        """Its keys; none where nothing is given.

        Raises:
            Wrong: it is something else.
        """
        return self._as(dict, "keys and values") or {}

    def entries(self) -> list["Given"]:
        """Its entries; none where nothing is given.

        Raises:
            Wrong: it is something else.
        """
        return self._as(list, "a list") or []

    def _as(self, type_: type, what: str) -> Any:
        if self.value is None or isinstance(self.value, type_):
            return self.value
        raise self.wrong(f"expected {what}, got {self._said}")

    def text(self) -> str:
        """A text; numbers are taken as they are written by most.

        Raises:
            Wrong: it is something else.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            raise self.wrong(f"expected a text, got {self._said}")
        return str(self.value)

    @property
    def _said(self) -> str:
        match self.value:
            case None:
                return "nothing"
            case dict():
                return "keys and values"
            case list():
                return "a list"
            case bool():
                return "true or false"
            case other:
                return f"{other!r:.40}"

    def everything(self) -> Iterator["Given"]:
        """This and all that is in it."""
        yield self
        match self.value:
            case dict() as inner:
                children = list(inner.values())
            case list() as children:
                pass
            case _:
                children = []
        for child in children:
            yield from child.everything()


def load(file: str, text: bytes | None) -> Given:
    """What a file says; None stands for one larger than `MAX_BYTES`.

    Raises:
        Wrong: it is none that is taken.
    """
    if text is None:
        raise Wrong(Problem(file=file, what=f"is larger than {MAX_BYTES} bytes"))
    try:
        _check_events(file, text)
        loader = yaml.CSafeLoader(text)
        node = loader.get_single_node()
        given = _given(file, "", node, loader) if node else Given(file, 1, "", None)
    except yaml.YAMLError as e:
        raise Wrong(_no_yaml(file, e)) from e
    except (ValueError, RecursionError) as e:
        if isinstance(e, Wrong):
            raise
        raise Wrong(Problem(file=file, what=f"cannot be read: {e}")) from e
    given.mapping()  # at the outermost there are keys
    return given


def not_known(word: str, known: Iterable[str]) -> str:
    """What is said of a key that means nothing here; perhaps another one was meant.

    >>> not_known("notbooks", ["name", "notebooks"])
    'is not known; is notebooks meant?'
    """
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.75)
    return f"is not known; is {close[0]} meant?" if close else "is not known"


def _check_events(file: str, text: bytes) -> None:
    """Refuse what grows when it is read (a few lines of aliases make billions of values)."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise Wrong(_at(file, event, f"aliases (*{event.anchor}) are not taken"))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise Wrong(_at(file, event, "nested too deeply"))


def _at(file: str, event: yaml.Event, what: str) -> Problem:
    line = event.start_mark.line + 1 if event.start_mark else 0
    return Problem(file=file, line=line, what=what)


def _no_yaml(file: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        line = error.problem_mark.line + 1
        return Problem(file=file, line=line, what=f"is no YAML: {error.problem}")
    return Problem(file=file, what=f"is no YAML: {str(error).partition(chr(10))[0]}")


def _given(file: str, key: str, node: yaml.Node, loader: Any) -> Given:
    line = node.start_mark.line + 1
    match node:
        case yaml.MappingNode():
            return _mapping(file, key, node, loader)
        case yaml.SequenceNode(value=entries):
            inner = [
                _given(file, _longer(key, f"entry {number}"), entry, loader)
                for number, entry in enumerate(entries, 1)
            ]
            return Given(file, line, key, inner)
        case _:
            return Given(file, line, key, _scalar(node, loader))


def _mapping(file: str, key: str, node: yaml.MappingNode, loader: Any) -> Given:
    found: dict[str, Given] = {}
    twice = []
    for name, value in node.value:
        word = str(name.value) if isinstance(name, yaml.ScalarNode) else "?"
        if word in found:
            twice.append(word)
        inner = _given(file, _longer(key, word), value, loader)
        # where a block begins a line below its key, people look for the key
        found[word] = Given(file, name.start_mark.line + 1, inner.key, inner.value, inner.twice)
    return Given(file, node.start_mark.line + 1, key, found, tuple(twice))


def _scalar(node: yaml.Node, loader: Any) -> Any:
    """Numbers and the like as such; all else, dates too, as the text that stands there."""
    if node.tag in _SCALARS:
        try:
            return loader.construct_object(node)
        except ValueError:
            pass
    return node.value


def _longer(key: str, word: str) -> str:
    return f"{key}: {word[:80]}" if key else word[:80]
