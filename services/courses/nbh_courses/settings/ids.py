"""Ids that follow from names, where a course gives none (G12). Pure."""

import re

from nbh_courses.settings.given import Given

_MOST = 128
_IN_NO_URL = re.compile(r"[\s/\\:@?#%<>\"]+")


def from_name(name: str) -> str:
    """The id of what has only a name.

    >>> from_name("exercices & corrigés")
    'exercices-and-corrigés'
    """
    return _IN_NO_URL.sub("-", name.replace("&", "and")).strip("-")[:_MOST]


def name_and_id(entry: Given) -> tuple[str, str]:
    """The name and the id of an entry; either stands in for the other.

    Raises:
        Wrong: it has neither, or an id that no URL can hold.
    """
    keys = entry.mapping()
    name, id_ = (keys[key].text().strip() if key in keys else "" for key in ("name", "id"))
    if not name and not id_:
        raise entry.wrong("has neither a name nor an id")
    if _IN_NO_URL.search(id_) or len(id_) > _MOST or not id_.isprintable():
        raise keys["id"].wrong(f"{id_!r:.40} cannot be an id: no blanks, none of / \\ : @ ? # %")
    found = id_ or from_name(name)
    if not found:
        raise entry.wrong("no id follows from its name: give it one")
    return name or id_, found
