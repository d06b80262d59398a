"""The documentation that a course wants to be built (G18). Pure."""

from urllib.parse import urlsplit

import msgspec

from nbh_courses.settings import ids
from nbh_courses.settings.given import Given, not_known
from nbh_proto import Build, names

_PATHS = ("directory", "result_folder", "entry_point")
_FIELDS = msgspec.structs.fields(Build)
_KEYS = {field.name for field in _FIELDS}


def build(entry: Given) -> Build:
    """One entry of ``builds``; ``-`` and ``_`` are the same in its keys.

    Raises:
        Wrong: it cannot be built; a key that is not known is enough (G18 as decided).
    """
    keys = _keys(entry)
    if "name" not in keys:
        raise entry.wrong("name is missing")
    given = Given(entry.file, entry.line, entry.key, keys)
    name, id_ = ids.name_and_id(given)
    if not names.ID.fullmatch(id_):  # it names a folder
        raise keys.get("id", entry).wrong(f"{id_!r:.40} is no id: ASCII letters, digits, _ . -")
    said = {key: keys[key].text() for key in _KEYS - {"name", "id"} if key in keys}
    _check(keys, said)
    if not said.get("script", "").strip() and not said.get("external_url"):
        raise entry.wrong("has neither a script nor an external-url")
    return msgspec.convert({"id": id_, "name": name, **said}, Build)


def _keys(entry: Given) -> dict[str, Given]:
    keys: dict[str, Given] = {}
    for word, given in entry.mapping().items():
        key = word.replace("-", "_")
        if key not in _KEYS:
            raise given.wrong(not_known(word, (k.replace("_", "-") for k in _KEYS)))
        if key in keys:
            raise given.wrong("is given twice")
        if given.value is not None:
            keys[key] = given
    return keys


def _check(keys: dict[str, Given], said: dict[str, str]) -> None:
    for key in _PATHS:
        if key in said and not _is_inside(said[key]):
            raise keys[key].wrong(f"{said[key]!r:.80} is no path inside")
    if "external_url" in said and said["external_url"] and not _is_web(said["external_url"]):
        raise keys["external_url"].wrong("is no address that begins with http:// or https://")


def _is_inside(path: str) -> bool:
    return path.isprintable() and not path.startswith("/") and ".." not in path.split("/")


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()
