"""An nbhosting.toml for a system that stands apart from any other on this machine."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from nbh_kit import config as configs
from nbh_kit.config import Config
from nbh_kit.testing import free_ports

PLATFORM = "lms"
"""The one platform that signs."""

Tables = Mapping[str, Mapping[str, Any]]


def written(file: Path, run: Path, *, engine: str, over: Tables | None = None) -> Config:
    """Write the file, with its data beside it and ports that are free; ``over`` stands over it."""
    tree = _settings(file.parent, run, engine)
    for table, values in (over or {}).items():
        tree[table] = tree.get(table, {}) | dict(values)
    file.write_text(_toml(tree))
    return configs.load(file)


def _settings(folder: Path, run: Path, engine: str) -> dict[str, dict[str, Any]]:
    # one row: two choices could be the same
    content = free_ports(13)
    internal, router, courses, stats, nats, platform, health = range(content + 1, content + 8)
    return {
        "site": {
            "name": f"t{secrets.token_hex(3)}",
            "data": str(folder / "data"),
            "run": str(run),
        },
        "origins": {
            "content": f"http://localhost:{content}",
            "ui": f"http://127.0.0.1:{content}",
            "share": f"http://share.localhost:{content}",
        },
        "nats": {"url": f"nats://127.0.0.1:{nats}"},
        "traefik": {"listen": f"127.0.0.1:{content}", "internal": f"127.0.0.1:{internal}"},
        "router": {"port": router},
        "health": {"first_port": health},
        "lab": {"memory": 1024**3},
        # what starts is counted, and timed, in most tests
        "pool": {"maximum": 0},
        "provisioner": {"engine": engine},
        "courses": {"local_urls": True, "port": courses},
        "stats": {"port": stats},
        "platform": {
            "name": PLATFORM,
            "origins": [f"http://127.0.0.1:{platform}"],
            "keys": [{"id": "k1", "secret": secrets.token_hex(32)}],
        },
    }


def _toml(tree: Mapping[str, Mapping[str, Any]]) -> str:
    # JSON's strings, numbers and lists are TOML's; a platform is a list of one, with lists in it
    lines: list[str] = []
    for table, values in tree.items():
        lines.append(f"[[{table}]]" if table == "platform" else f"[{table}]")
        lines += [f"{k} = {_value(v)}" for k, v in values.items()]
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + "}"
    return msgspec.json.encode(value).decode()
