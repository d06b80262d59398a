"""What a course says to JupyterLab and Notebook about their own settings (U1, U2). Pure.

Both read defaults from ``labconfig/default_setting_overrides.json`` in any folder of Jupyter's
configuration path, but a person's own settings, ``lab/user-settings``, only from that person's own
folder. A course that has such files means them as its students' defaults: they are put into the
former, where students can change them again.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import json5
import msgspec

from nbh_proto import Problem

OVERRIDES = "jupyter/labconfig/default_setting_overrides.json"
MAX_BYTES = 64 * 1024
"""Of one file: reading JSON5 takes 10 µs a byte."""

_SETTINGS = re.compile(
    r"jupyter/lab/user-settings/((?:@[\w.-]+/)?[\w.-]+)/([\w.-]+)\.jupyterlab-settings", re.ASCII
)


class FrontEnd(NamedTuple):
    """The file that goes to `OVERRIDES`, None if the course says nothing; and what is wrong."""

    overrides: bytes | None
    problems: tuple[Problem, ...]


def concerns(path: str) -> bool:
    """Whether a file of a revision is one that `read` wants."""
    return path == OVERRIDES or _SETTINGS.fullmatch(path) is not None


def read(files: Mapping[str, bytes | None]) -> FrontEnd:
    """All defaults in one file, from the files that `concerns` names; None for one too large.

    What a course says in `OVERRIDES` itself stands over what is in files for one plugin.
    """
    merged: dict[str, Any] = {}
    problems = []
    for path in sorted(files, key=lambda path: path == OVERRIDES):
        try:
            _merge(merged, _defaults(path, files[path]))
        except (ValueError, RecursionError) as e:
            file = path.removeprefix("jupyter/")
            problems.append(Problem(file=file, what=_in_a_line(e)))
    overrides = msgspec.json.format(msgspec.json.encode(merged)) if merged else None
    return FrontEnd(overrides, tuple(problems))


def _defaults(path: str, text: bytes | None) -> dict[str, Any]:
    """What a file says, by plugin.

    Raises:
        ValueError: it cannot be used.
        RecursionError: it is nested beyond all measure.
    """
    if text is None:
        raise ValueError(f"is larger than {MAX_BYTES} bytes")
    said = json5.loads(text.decode(), allow_duplicate_keys=False) if text.strip() else {}
    if not isinstance(said, dict):
        raise ValueError("is no object of settings")
    if path == OVERRIDES:
        return said
    package, plugin = _SETTINGS.fullmatch(path).groups()  # type: ignore[union-attr]  # `concerns`
    return {f"{package}:{plugin}": said}


def _merge(into: dict[str, Any], said: Mapping[str, Any]) -> None:
    for key, value in said.items():
        there = into.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            _merge(there, value)
        else:
            into[key] = value


def _in_a_line(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return " ".join(str(error).removeprefix("<string>:").split())
