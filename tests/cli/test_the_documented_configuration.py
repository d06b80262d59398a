"""nbhosting.toml, which operators copy, says every setting with its true default."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from nbh_kit import config, settings

FILE = Path(__file__).parents[2] / "nbhosting.toml"

_SETTING = re.compile(r"#(\w+) =(.*)|#?(\[\[?[\w.]+\]\]?)")


def documented():
    """Table name → {key: the text of its default}, settings that are commented out included."""
    tables, name = {}, ""
    for line in FILE.read_text().splitlines():
        if found := _SETTING.fullmatch(line):
            if found[3]:
                name = found[3].strip("[]")
                tables[name] = {}
            else:
                tables[name][found[1]] = found[2].strip()
    return tables


def defaults(struct):
    return {f.name: _default(f) for f in msgspec.structs.fields(struct) if f.name != "keys"}


def _default(field):
    return field.default if field.default is not msgspec.NODEFAULT else None


def structs():
    tables = {f.name: type(f.default) for f in msgspec.structs.fields(config.Config)}
    del tables["platform"]
    return tables | {"platform": settings.Platform, "platform.keys": settings.Key}


def test_every_table_is_documented_and_none_is_stale():
    assert documented().keys() == structs().keys()


@pytest.mark.parametrize("table", structs())
def test_every_setting_is_documented_with_its_default(table):
    said = {key: _value(text) for key, text in documented()[table].items()}
    assert said == {key: _plain(value) for key, value in defaults(structs()[table]).items()}


@pytest.mark.parametrize("table", structs())
def test_settings_without_an_explanation_stand_beside_one_that_has_it(table):
    lines = FILE.read_text().splitlines()
    for key in documented()[table]:
        at = next(n for n, line in enumerate(lines) if line.startswith(f"#{key} ="))
        above = lines[at - 1]
        assert above.startswith("#"), key
        assert not above.startswith("#["), key


def test_the_file_as_it_is_can_be_used():
    assert config.load(FILE, {}) == config.Config()


def test_the_file_with_all_settings_uncommented_can_be_used(tmp_path):
    written = re.sub(r"(?m)^#(\w+ =|\[)", r"\1", FILE.read_text())
    for key, value in {
        "certificate": '"/c"',
        "certificate_key": '"/k"',
        "acme_roots": '"/r"',
        "podman_socket": '"/p"',
        "name": '"lms"',
        "id": '"k1"',
        "secret_file": '"/s"',
    }.items():
        written = re.sub(rf"(?m)^{key} =$", f"{key} = {value}", written)
    file = tmp_path / "nbhosting.toml"
    file.write_text(written)
    assert config.load(file, {}).platform[0].keys[0].id == "k1"


def _value(text):
    return tomllib.loads(f"x = {text}")["x"] if text else None


def _plain(value):
    match value:
        case Path():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value
