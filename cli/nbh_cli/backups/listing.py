"""What a folder holds, as one line of JSON for each thing in it. Pure.

A listing is an object of the store like any other: a folder in which nothing changed has the same
one as before.
"""

import os
import re
from collections.abc import Iterable, Sequence
from typing import Literal
from urllib.parse import unquote_to_bytes

import msgspec

_NOT_TEXT = re.compile("[%\udc80-\udcff]")


Kind = Literal["folder", "file", "link"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A folder, a file or a link, below the folder that is listed."""

    path: str
    """As `as_text` writes it; empty for the folder itself. A folder comes before its content."""

    kind: Kind
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    """Nanoseconds."""

    size: int = 0
    object: str = ""
    """The digest of a file's content, without its holes."""

    extents: tuple[tuple[int, int], ...] | None = None
    """(offset, length) of what is written of a file with holes; None for all of it."""

    target: str = ""
    """Where a link leads, as `as_text` writes it."""

    attributes: dict[str, bytes] = {}
    """Its attributes ``user.*`` (xattr(7))."""

    stamp: str = ""
    """What changes whenever the file does; empty where it may change without a change of that."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of the system that is kept as a whole."""

    place: str
    """Below ``site.data``: ``students/ada/python``, ``courses``."""

    listing: str
    """The digest of its listing."""

    files: int
    bytes: int
    """Of the contents of its files, each counted."""


_ENTRY = msgspec.json.Decoder(Entry)


def as_text(name: str) -> str:
    """A name or path as JSON can have it: what is not UTF-8 in it, and ``%``, as ``%XX``."""
    return _NOT_TEXT.sub(lambda found: f"%{ord(found[0]) & 0xFF:02X}", name)


def as_name(text: str) -> str:
    """What `as_text` was given."""
    return os.fsdecode(unquote_to_bytes(text)) if "%" in text else text


def written(entries: Iterable[Entry]) -> bytes:
    """A listing."""
    return b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)


def read(listing: bytes) -> Sequence[Entry]:
    """The entries of a listing.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    return _ENTRY.decode_lines(listing)
