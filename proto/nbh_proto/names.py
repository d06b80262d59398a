"""Names that people type, and the one parser for them (S3, S6, S-41). Pure.

Every service reads names with these functions, so what one accepts no other misreads.
"""

import re
import secrets
import unicodedata
from pathlib import PurePosixPath

ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
"""A course, a student or a group: ASCII, at most 128 characters (FEATURES.md, S3 as decided)."""

NOTEBOOK_SUFFIXES = (".py", ".ipynb", ".md")
"""What opens as a notebook, in the order in which a bare name looks for it (S6)."""

CAPABILITY = re.compile(r"[1-9][0-9]{39}", re.ASCII)
"""The first segment of a lab's URL: 40 decimal digits, some 132 bits. The public extension
``jupyterlab-nbhosting`` wants digits (S11)."""

MAX_NOTEBOOK_BYTES = 1024
MAX_COMPONENT_BYTES = 255


class BadName(ValueError):
    """A name that no course, student or notebook can have; says which rule it breaks."""

    def __init__(self, kind: str, rule: str) -> None:
        article = "an" if kind[0] in "aeiou" else "a"
        super().__init__(f"not the name of {article} {kind}: {rule}")
        self.kind = kind
        self.rule = rule


def checked_id(kind: str, text: str) -> str:
    """Return ``text`` if it is an id.

    Raises:
        BadName: it is not.
    """
    if not ID.fullmatch(text):
        raise BadName(kind, "ASCII letters, digits, '_', '.', '-', at most 128, none leading")
    return text


def new_capability() -> str:
    """A fresh capability; one for each container (S-19)."""
    return str(10**39 + secrets.randbelow(9 * 10**39))


def token(id_: str) -> str:
    """An id as one token of a subject or a key.

    Ids hold dots, tokens may not; ``=`` is in no id and is allowed in both, so this is a
    bijection and joining tokens with dots is unambiguous.
    """
    return id_.replace(".", "=")


def id_of(token_: str) -> str:
    """The id that `token` made a token of."""
    return token_.replace("=", ".")


def notebook(text: str) -> str:
    """The canonical name of a notebook: a relative path in NFC, with up to two ``.ipynb`` dropped.

    ``.py`` and ``.md`` stay, and a suffix that is no notebook suffix belongs to the stem, so
    ``1.2-intro`` is a name (S3, S6). The text is taken as decoded once; nothing is decoded here.

    Raises:
        BadName: what S-41 forbids: absolute, ``..``, hidden or option-like components,
            control characters, backslashes, too long.
    """
    name = unicodedata.normalize("NFC", text)
    for _ in range(2):
        name = name.removesuffix(".ipynb")
    _check_path(name)
    return name


def candidates(name: str) -> tuple[str, ...]:
    """The files that a notebook's name may stand for, in the order in which they are tried (S6).

    >>> candidates("w1/n1")
    ('w1/n1.py', 'w1/n1.ipynb', 'w1/n1.md')
    >>> candidates("w1/n1.py")
    ('w1/n1.py', 'w1/n1.ipynb')
    """
    match PurePosixPath(name).suffix:
        case ".md":
            return (name,)
        case ".py":
            return (name, name.removesuffix(".py") + ".ipynb")
        case _:
            return tuple(name + suffix for suffix in NOTEBOOK_SUFFIXES)


def _check_path(name: str) -> None:
    if not name or len(name.encode(errors="surrogatepass")) > MAX_NOTEBOOK_BYTES:
        raise BadName("notebook", f"1 to {MAX_NOTEBOOK_BYTES} bytes")
    if any(unicodedata.category(c) in ("Cc", "Cs") or c == "\\" for c in name):
        raise BadName("notebook", "no control character, no backslash")
    for component in name.split("/"):
        _check_component(component)


def _check_component(component: str) -> None:
    if not component or component[0] in ".-~":
        raise BadName("notebook", "no component is empty or begins with '.', '-' or '~'")
    if len(component.encode()) > MAX_COMPONENT_BYTES:
        raise BadName("notebook", f"a component has at most {MAX_COMPONENT_BYTES} bytes")
