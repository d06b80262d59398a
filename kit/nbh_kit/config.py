"""The configuration: one file, nbhosting.toml, read once by each process and passed down by value.

A wrong key or value stops the start with file, key and reason.
"""

import contextlib
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from nbh_kit.settings import Config, Key, Platform, Service
from nbh_proto import egress, names

__all__ = ["BadConfig", "Config", "from_tree", "load", "secret_of"]

_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
_COLLECTOR = re.compile(r"http://[A-Za-z0-9.-]+:[0-9]{1,5}(/[\w./-]*)?", re.ASCII)
_LENT = re.compile(r"/[\w./+-]+:/[\w./+-]+", re.ASCII)


class BadConfig(ValueError):
    """The configuration cannot be used: which file, which key, and why."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}" if key else f"{file}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the file; ``NBH_<TABLE>_<KEY>`` of the environment stands over it, a list as JSON.

    Raises:
        BadConfig: the file cannot be read, or a key or value is wrong.
    """
    try:
        tree = tomllib.loads(path.read_text())
    except OSError as e:
        raise BadConfig(str(path), "", f"cannot be read: {e.strerror}") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise BadConfig(str(path), "", f"is no TOML: {e}") from e
    return from_tree(_with_environment(tree, environ), str(path))


def from_tree(tree: Mapping[str, Any], file: str = "configuration") -> Config:
    """Check a tree of tables and make a `Config` of it.

    Raises:
        BadConfig: a key or value is wrong.
    """
    try:
        config = msgspec.convert(tree, Config, strict=False, dec_hook=_path)
    except msgspec.ValidationError as e:
        raise BadConfig(file, *_key_and_reason(str(e))) from e
    _check(config, file)
    return config


def secret_of(key: Key) -> bytes:
    """The key's secret, from the configuration or the file it names.

    Raises:
        BadConfig: the file cannot be read, or the secret is shorter than 32 bytes.
    """
    try:
        text = key.secret_file.read_text().strip() if key.secret_file else key.secret
    except OSError as e:
        raise BadConfig(str(key.secret_file), key.id, f"cannot be read: {e.strerror}") from e
    if len(text) < 32:
        raise BadConfig("platform.keys", key.id, "a secret has at least 32 characters")
    return text.encode()


def _path(type_: type, value: object) -> object:
    # msgspec knows no paths; what it does not know it asks here
    if type_ is Path and isinstance(value, str) and value.startswith("/"):
        return Path(value)
    raise ValueError(f"expected a full path, got {value!r}")


def _with_environment(tree: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    tables = {f.name for f in msgspec.structs.fields(Config)} - {"platform"}
    merged = {k: dict(v) if isinstance(v, dict) else v for k, v in tree.items()}
    for name, value in environ.items():
        if found := re.fullmatch(r"NBH_([A-Z]+)_([A-Z_]+)", name):
            table, key = found[1].lower(), found[2].lower()
            if table in tables:
                merged.setdefault(table, {})[key] = _of_environment(value)
    return merged


def _of_environment(value: str) -> Any:
    # numbers and the like are made of text where the setting is one; a list is not
    if value.startswith("["):
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.json.decode(value)
    return value


def _key_and_reason(error: str) -> tuple[str, str]:
    reason, _, where = error.partition(" - at `$")
    key = where.rstrip("`").lstrip(".")
    if found := re.match(r"Object contains unknown field `(.+)`", reason):
        return ".".join(filter(None, (key, found[1]))), "there is no such setting"
    return key, reason[0].lower() + reason[1:]


def _check(config: Config, file: str) -> None:
    origins = msgspec.structs.asdict(config.origins)
    for name, origin in origins.items():
        _check_origin(file, f"origins.{name}", origin)
    if not config.site.dev and len(set(origins.values())) < len(origins):
        raise BadConfig(file, "origins", "content, ui and share must differ (S-15)")
    _check_tls(config, file)
    for number, network in enumerate(config.traefik.networks):
        _check_network(file, f"traefik.networks[{number}]", network)
    for number, lent in enumerate(config.builder.lend):
        if not _LENT.fullmatch(lent):
            reason = "write <file of this machine>:<path in the build>, two full paths"
            raise BadConfig(file, f"builder.lend[{number}]", reason)
    services = get_args(Service)
    if len(config.health.hosts) not in (0, len(services)):
        raise BadConfig(file, "health.hosts", f"one address for each of {', '.join(services)}")
    ids = {"site.name": config.site.name, "provisioner.node": config.provisioner.node}
    for key, id_ in ids.items():
        _check_id(file, key, id_)
    _check_egress(file, config.lab.egress)
    if config.site.traces and not _COLLECTOR.fullmatch(config.site.traces):
        raise BadConfig(file, "site.traces", "write http://host:port, a path if need be")
    for number, platform in enumerate(config.platform):
        _check_platform(file, f"platform[{number}]", platform)
    if len({p.name for p in config.platform}) < len(config.platform):
        raise BadConfig(file, "platform", "two platforms have the same name")


def _check_tls(config: Config, file: str) -> None:
    if not (acme := config.traefik.acme):
        return
    if not acme.startswith("https://"):
        raise BadConfig(file, "traefik.acme", "write the https address of a server's directory")
    if config.traefik.certificate:
        reason = "with traefik.certificate there is nothing to get; leave one of them out"
        raise BadConfig(file, "traefik.acme", reason)
    for name, origin in msgspec.structs.asdict(config.origins).items():
        if not origin.startswith("https://"):
            reason = f"{origin} gets no certificate; with traefik.acme all three begin with https"
            raise BadConfig(file, f"origins.{name}", reason)


def _check_platform(file: str, key: str, platform: Platform) -> None:
    for origin in platform.origins:
        _check_origin(file, f"{key}.origins", origin)
    if platform.strategy == "signed" and not 1 <= len(platform.keys) <= 2:
        raise BadConfig(file, f"{key}.keys", "a signing platform has one or two live keys")
    if platform.strategy == "referer" and not platform.hosts:
        raise BadConfig(file, f"{key}.hosts", "the Referer rule needs the platform's hosts")
    if len({k.id for k in platform.keys}) < len(platform.keys):
        raise BadConfig(file, f"{key}.keys", "two keys have the same id")
    # They stand in links, where nothing is percent-encoded.
    _check_id(file, f"{key}.name", platform.name)
    for live in platform.keys:
        _check_id(file, f"{key}.keys.id", live.id)


def _check_egress(file: str, text: str) -> None:
    try:
        egress.checked(text)
    except egress.BadEgress as e:
        raise BadConfig(file, "lab.egress", str(e)) from e


def _check_network(file: str, key: str, text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError as e:
        raise BadConfig(file, key, f"write addresses like 10.1.2.0/24: {e}") from e


def _check_id(file: str, key: str, id_: str) -> None:
    if not names.ID.fullmatch(id_):
        raise BadConfig(file, key, "ASCII letters, digits, '_', '.', '-', at most 128")


def _check_origin(file: str, key: str, origin: str) -> None:
    # They become part of security policies and of Traefik's rules.
    if not _ORIGIN.fullmatch(origin):
        raise BadConfig(
            file, key, f"{origin!r} is no origin; write https://host or https://host:port"
        )
