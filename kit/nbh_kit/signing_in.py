"""The way to the sign-in page and back to where somebody wanted to go. Pure."""

import re
from urllib.parse import quote, urlencode

LOGIN = "/login"
ACCOUNT = "/account"
HOME = "/dashboard/"
"""Where somebody is who wanted to go nowhere."""

_LONGEST = 1024
# One slash, then anything that no browser reads as another host; tabs and the like it drops first.
_INSIDE = re.compile(r"/(?![/\\])[!-\[\]-~]*", re.ASCII)
_NOT_BACK_TO = re.compile(r"/(login|logout)(?![a-z])")


def inside(target: str) -> str:
    """Where to go next: ``target`` if that is a path of the same origin, else `HOME`."""
    if len(target) > _LONGEST or not _INSIDE.fullmatch(target) or _NOT_BACK_TO.match(target):
        return HOME
    return target


def way_in(path: str, query: str = "") -> str:
    """The sign-in page's address for somebody who wanted to go to a path, decoded, and a query."""
    target = quote(path) + (f"?{query}" if query else "")
    return f"{LOGIN}?{urlencode({'next': target})}" if inside(target) != HOME else LOGIN


def wants_a_page(accept: str) -> bool:
    """Whether it is a person's browser that asks, and not a script: by its ``Accept``."""
    return "text/html" in accept.lower()
