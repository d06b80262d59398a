"""What ``sitesettings.py`` of nbhosting 0.59 says, as our configuration; it is never run.

It is read as far as it is made of plain values: names, lists, numbers, texts, and an ``if`` on a
name that is known.
"""

import ast
from pathlib import Path
from typing import Any

import msgspec

from nbh_cli import units

_MINUTE, _HOUR = 60, 3600


class Unreadable(Exception):
    """It is no Python, or cannot be opened."""


def read(file: Path) -> dict[str, Any]:
    """The settings that are plain values, by name.

    Raises:
        Unreadable: the file cannot be read.
    """
    try:
        module = ast.parse(file.read_text())
    except OSError as e:
        raise Unreadable(f"{file}: {e.strerror}") from e
    except (SyntaxError, ValueError) as e:
        raise Unreadable(f"{file}: {e}") from e
    known: dict[str, Any] = {}
    _take(module.body, known)
    return known


def ours(settings: dict[str, Any]) -> str:
    """What means the same in nbhosting.toml, to be pasted there."""
    lines: list[str] = []
    if isinstance(name := settings.get("server_name"), str):
        lines += ["[origins]", f"content = {_text(f'https://{name}')}", ""]
    lines += _lab(settings) + _reaper(settings) + _platform(settings)
    return "\n".join(lines).rstrip()


def _lab(settings: dict[str, Any]) -> list[str]:
    given = settings.get("container_max_memory")
    try:
        return ["[lab]", f"memory = {units.size(str(given))}", ""] if given else []
    except ValueError:
        return []


def _reaper(settings: dict[str, Any]) -> list[str]:
    ours_ = {"monitor_idle": ("idle", _MINUTE), "monitor_lingering": ("max_age", _HOUR)}
    ours_ |= {"monitor_period": ("period", _MINUTE)}
    lines = [
        f"{name} = {float(value * unit)}"
        for theirs, (name, unit) in ours_.items()
        if isinstance(value := settings.get(theirs), int | float) and value > 0
    ]
    return ["[reaper]", *lines, ""] if lines else []


def _platform(settings: dict[str, Any]) -> list[str]:
    """The old URLs are not signed: who may use them is said by the page that they come from."""
    own = settings.get("server_name")
    hosts = [h for h in _texts(settings.get("allowed_referer_domains")) if h != own]
    if not hosts:
        return []
    framing = [o for o in _texts(settings.get("frame_ancestors")) if o.startswith("https://")]
    origins = [o for o in framing if "*" not in o]
    lines = [
        "# The old rule. It proves little (S-1): sign links where the platform can.",
        "[[platform]]",
        'name = "old"',
        'strategy = "referer"',
        f"hosts = {_list(hosts)}",
        f"origins = {_list(origins)}",
    ]
    if more := [o for o in framing if "*" in o]:
        lines.append(f"# add the very origins of the pages behind {', '.join(more)}")
    return [*lines, ""]


def _take(body: list[ast.stmt], known: dict[str, Any]) -> None:
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                try:
                    known[name] = _value(value, known)
                except ValueError:
                    known.pop(name, None)
            case ast.If(test=test, body=then, orelse=otherwise):
                try:
                    _take(then if _value(test, known) else otherwise, known)
                except ValueError:
                    continue


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, known)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_value(element, known) for element in elements]
    raise ValueError(ast.dump(node))


def _texts(value: object) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _list(values: list[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()  # which is TOML too
