"""What podman writes while it works, as lines. Pure."""

import re
from collections.abc import Iterable, Iterator

import msgspec

LONGEST = 2000
"""Characters of a line; the rest is cut off."""

_LENT = re.compile(r"--mount=type=secret,id=nbh\d+,\S+ ")
_NOISE = re.compile(
    r"(Getting image source|Copying (blob|config)|Writing manifest|Storing sign|--> )"
    r"|LABEL \"nbh\.|STEP \d+/\d+: LABEL \"nbh\."
)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_ID = re.compile(r"[0-9a-f]{64}")


class _Said(msgspec.Struct):
    """One piece of what ``POST /build`` answers."""

    stream: str = ""
    error: str = ""


class Built:
    """A build's answer, read piece by piece."""

    def __init__(self) -> None:
        self.image_id = ""
        """The image, once it is there."""

        self.error = ""
        """Why there is none."""

    def lines(self, pieces: Iterable[bytes]) -> Iterator[str]:
        """The lines for a person, without what podman says to itself and what is lent."""
        for line in joined(self._text(pieces)):
            if _ID.fullmatch(line):
                self.image_id = line
            elif not _NOISE.match(line):
                yield _LENT.sub("", line)

    def _text(self, pieces: Iterable[bytes]) -> Iterator[str]:
        rest = b""
        for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            for each in filter(None, whole):
                said = msgspec.json.decode(each, type=_Said)
                self.error = _LENT.sub("", said.error) or self.error
                yield said.stream


def joined(texts: Iterable[str]) -> Iterator[str]:
    """Lines, from pieces that end anywhere; of a line that is written over, the last state."""
    rest = ""
    for text in texts:
        *whole, rest = (rest + text).split("\n")
        yield from filter(None, map(_clean, whole))
        rest = rest[-4 * LONGEST :]
    if rest := _clean(rest):
        yield rest


def _clean(line: str) -> str:
    line = _ESCAPES.sub("", line.rstrip("\r\n ")).rpartition("\r")[2]
    return "".join(c if c.isprintable() or c == "\t" else " " for c in line[:LONGEST]).rstrip()


def of_frames(pieces: Iterable[bytes]) -> Iterator[str]:
    """The text in what ``GET /containers/x/logs`` answers: each piece has eight bytes before it,
    the last four of which are its length."""
    rest = b""
    for piece in pieces:
        rest += piece
        while len(rest) >= 8 and len(rest) >= 8 + (size := int.from_bytes(rest[4:8], "big")):
            yield rest[8 : 8 + size].decode(errors="replace")
            rest = rest[8 + size :]
