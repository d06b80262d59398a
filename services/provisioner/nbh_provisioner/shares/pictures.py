"""Which pictures a notebook shows that lie beside it. Pure.

They are looked for in the text as it is on disk, JSON or not: it is not parsed, since what a
notebook can be is found out in a container alone (S-48). What is found and is no picture of the
page costs a look, no more.
"""

import json
import posixpath
import re
from itertools import islice

from nbh_provisioner.shares.page_maker import plain

TYPES = {
    ".apng": "image/apng",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""What is a picture, by the end of its name, and what a page says of it."""

MOST = 200
"""Of one notebook, whether they are there or not."""

_LOOKED_AT = 20_000
"""References of each form, to anything."""

# what JSON writes in its own way ends a reference, but for a letter: \" and \n do
_LETTER = rb"\\u[0-9a-fA-F]{4}"
_FORMS = tuple(
    re.compile(form.replace(b"LETTER", _LETTER))
    for form in (
        # ![…](<media/a fig.png>)
        rb'\]\(\s{0,9}<((?:[^<>"\n\\]|LETTER){1,400})>',
        # ![…](media/fig.png "title")
        rb'\]\(\s{0,9}((?:[^\s()<>"\\]|LETTER|\([^\s()<>"\\]{0,200}\)){1,400})',
        # [fig]: media/fig.png
        rb'\]:\s{0,9}<?((?:[^\s<>"\\]|LETTER){1,400})',
        # <img src="media/fig.png">, which in JSON is src=\"media/fig.png\"
        rb"""[sS][rR][cC]\s{0,9}=\s{0,9}(?:\\?"((?:[^<>"\\]|LETTER){1,400})"""
        rb"""|'((?:[^<>'\\]|LETTER){1,400})|((?:[^\s<>"'\\]|LETTER){1,400}))""",
    )
)
_ELSEWHERE = re.compile(r"/|[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def shown(notebook: str, text: bytes) -> dict[str, str]:
    """Pictures, by what the page will call them: where each is, relative to the workspace.

    Args:
        notebook: the file, relative to the workspace.
        text: all that is in it.
    """
    found: dict[str, str] = {}
    for form in _FORMS:
        for match in islice(form.finditer(text), _LOOKED_AT):
            written = match[match.lastindex or 0].decode(errors="replace")
            name = plain(_unescaped(written))
            if name not in found and (path := _beneath(notebook, name)):
                found[name] = path
                if len(found) == MOST:
                    return found
    return found


def type_of(path: str) -> str:
    """What a page says of a picture; empty if it is none."""
    return TYPES.get(posixpath.splitext(path)[1].lower(), "")


def _unescaped(text: str) -> str:
    """What a program means that writes all but ASCII in JSON's way."""
    if "\\u" not in text:
        return text
    try:
        said = str(json.loads(f'"{text}"'))
        said.encode()  # half of a pair is no character
    except ValueError:
        return text
    return said


def _beneath(notebook: str, name: str) -> str:
    """Where it is in the workspace; empty if it is no picture, or not in there."""
    if not type_of(name) or _ELSEWHERE.match(name) or "\0" in name:
        return ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(notebook), name))
    return "" if path.startswith("../") else path
