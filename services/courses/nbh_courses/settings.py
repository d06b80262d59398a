"""A course's own nbhosting.yaml, as far as opening notebooks needs it (G7 to G10)."""

from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

FILES = (".nbhosting/nbhosting.yaml", "nbhosting/nbhosting.yaml")
"""From low to high."""

DEFAULT_MAPPINGS = (("media", "media"), ("data", "data"))
_LARGEST = 1024 * 1024


class Mapping_(msgspec.Struct, frozen=True):
    """One static mapping."""

    source: str
    destination: str


class Settings(msgspec.Struct, frozen=True):
    """What a course says, its layers merged."""

    static_mappings: tuple[tuple[str, str], ...] = DEFAULT_MAPPINGS
    notebook_url_format: str = "notebooks/{notebook}"
    complaints: tuple[str, ...] = ()
    """What is wrong, each with its file and key; the rest of the course works."""

    @property
    def static_folders(self) -> frozenset[str]:
        """The top-level folders that are copied to the static area."""
        return frozenset(destination.split("/")[0] for _, destination in self.static_mappings)


class _Layer(msgspec.Struct, frozen=True):
    general: dict[str, Any] = {}
    static_mappings: list[Mapping_] | None = msgspec.field(name="static-mappings", default=None)


def merged(files: Mapping[str, bytes]) -> Settings:
    """The settings of a course that has these files, of `FILES`."""
    complaints: list[str] = []
    layers = [_read(name, files[name], complaints) for name in FILES if name in files]
    declared = [layer.static_mappings for layer in layers if layer.static_mappings is not None]
    mappings = tuple((m.source, m.destination) for ms in declared for m in ms)
    general = {k: v for layer in layers for k, v in layer.general.items()}
    url_format = general.get("notebook-url-format", Settings().notebook_url_format)
    if not isinstance(url_format, str) or "{notebook}" not in url_format:
        complaints.append("general.notebook-url-format: has no {notebook}")
        url_format = Settings().notebook_url_format
    return Settings(mappings if declared else DEFAULT_MAPPINGS, url_format, tuple(complaints))


def _read(name: str, data: bytes, complaints: list[str]) -> _Layer:
    try:
        if len(data) > _LARGEST:
            raise ValueError(f"larger than {_LARGEST} bytes")
        tree = yaml.load(data, Loader=_NoAliases)  # a SafeLoader that knows less
        return msgspec.convert(tree or {}, _Layer)
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        complaints.append(f"{name}: {' '.join(str(e).split())}")
        return _Layer()


class _NoAliases(yaml.SafeLoader):
    """Safe, and without the aliases that a small file grows into a large tree with."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # PyYAML has no types for it
            raise yaml.YAMLError(f"line {event.start_mark.line + 1}: aliases are not read here")
        return super().compose_node(parent, index)
