"""Signed launch links: all that a platform vouches for is in the signed string. Pure.

A link is ``/<path>/<course>/<notebook>/<student>`` with exactly this query, in this order::

    action=…&platform=…&role=…&expires=…&nonce=…&key=…&signature=…

The signature is the HMAC-SHA256, in lower-case hexadecimal, of ten lines joined by a line feed:
``nbh1``, action, workspace, course, notebook, platform, student, role, expires, nonce (TRUST.md,
S-30). Nothing in the query is ever percent-encoded, so each link has one spelling of it.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal, cast
from urllib.parse import quote

import msgspec

from nbh_kit.config import secret_of
from nbh_kit.settings import Platform
from nbh_proto import names
from nbh_proto.access import RefusalReason, Workspace

LinkAction = Literal["open", "reset", "undo", "share", "stop"]
Role = Literal["student", "teacher", "staff"]

REUSABLE_SECONDS = 12 * 3600
"""A link without a nonce ends at most so far ahead; until then it opens again and again."""

ONCE_SECONDS = 300
"""A link with a nonce, which opens once, ends at most so far ahead."""

PATHS: dict[Workspace, str] = {"copy": "notebookLazyCopy", "git": "notebookGitRepo"}
"""The first segment of a link to each kind of workspace (S2, C1)."""

SHARE_PATH, STOP_PATH, FORWARD_PATH = "ipythonShare", "containerKill", "ipythonForward"
"""The first segments of links that share a notebook (S13), stop a lab (S14), and open another page
of Jupyter (S15). The last two have no notebook; what is signed has an empty line for it."""


class Refused(Exception):
    """Somebody is not let in; the reason is for the log, never for them."""

    def __init__(self, reason: RefusalReason, platform: str = "") -> None:
        super().__init__(reason)
        self.reason: RefusalReason = reason
        self.platform = platform
        """The platform they came from, if there is one of that name."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Whose copy of which notebook: what the path of a launch URL says, canonical (S3)."""

    workspace: Workspace = "copy"
    course: str
    notebook: str
    """Empty where all of the student's files of the course are meant."""

    student: str

    def __post_init__(self) -> None:
        names.checked_id("course", self.course)
        names.checked_id("student", self.student)
        if self.notebook and names.notebook(self.notebook) != self.notebook:
            raise names.BadName("notebook", "not canonical")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """All that a signature covers."""

    place: Place
    action: LinkAction = "open"
    platform: str
    role: Role = "student"
    expires: int
    """Unix seconds."""

    nonce: str = ""
    """Makes the link open once; at most 64 of ``A-Za-z0-9_-``."""


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """One live key of a platform; its id stands in the link."""

    id: str
    secret: bytes


class SigningPlatform(msgspec.Struct, frozen=True, kw_only=True):
    """A platform whose links are believed, for its courses only."""

    name: str
    courses: tuple[str, ...]
    """`fnmatch` patterns; a bare word is exactly that course (S-30 stands over O34)."""

    keys: tuple[SigningKey, ...]
    """One or two, so that a key can be replaced while links of the old one still open."""


def signing_platforms(platforms: Iterable[Platform]) -> dict[str, SigningPlatform]:
    """The signing platforms of a configuration, by name; reads their secrets.

    Raises:
        BadConfig: a secret cannot be read or is too short.
    """
    return {
        p.name: SigningPlatform(
            name=p.name,
            courses=p.courses,
            keys=tuple(SigningKey(id=k.id, secret=secret_of(k)) for k in p.keys),
        )
        for p in platforms
        if p.strategy == "signed"
    }


def signature(link: Link, secret: bytes) -> str:
    """The signature of a link: 64 lower-case hexadecimal digits."""
    place = link.place
    lines = (
        "nbh1",
        link.action,
        place.workspace,
        place.course,
        place.notebook,
        link.platform,
        place.student,
        link.role,
        str(link.expires),
        link.nonce,
    )
    return hmac.new(secret, "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def sign(link: Link, key: SigningKey) -> str:
    """The path and query of a signed link; the content origin goes before it."""
    place = link.place
    path = "/".join(filter(None, (_way(link), place.course, quote(place.notebook), place.student)))
    return (
        f"/{path}?action={link.action}&platform={link.platform}&role={link.role}"
        f"&expires={link.expires}&nonce={link.nonce}&key={key.id}"
        f"&signature={signature(link, key.secret)}"
    )


def _way(link: Link) -> str:
    if link.action == "share":
        return SHARE_PATH
    if not link.place.notebook:
        return STOP_PATH if link.action == "stop" else FORWARD_PATH
    return PATHS[link.place.workspace]


_QUERY = re.compile(
    r"action=(?P<action>open|reset|undo|share|stop)"
    rf"&platform=(?P<platform>{names.ID.pattern})"
    r"&role=(?P<role>student|teacher|staff)"
    r"&expires=(?P<expires>[1-9][0-9]{0,11})"
    r"&nonce=(?P<nonce>[A-Za-z0-9_-]{0,64})"
    rf"&key=(?P<key>{names.ID.pattern})"
    r"&signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)
_LONGEST = 1024


def verify(place: Place, query: str, platforms: Mapping[str, SigningPlatform], now: float) -> Link:
    """What a platform vouches for with this query at this place; ``now`` in unix seconds.

    Whether a nonce was used before is the caller's to ask: it needs a store (the LAUNCHES bucket).

    Raises:
        Refused: no live key of a platform that may speak for the course signed just this,
            or it has expired, or it would live too long. Nothing else, whatever the input (S-31).
    """
    found = _QUERY.fullmatch(query) if len(query) <= _LONGEST else None
    if found is None:
        raise Refused("signature")
    platform = platforms.get(found["platform"])
    if platform is None:
        raise Refused("platform")
    link = _link(place, found)
    _check_signature(link, platform, found["key"], found["signature"])
    if not now < link.expires <= now + (ONCE_SECONDS if link.nonce else REUSABLE_SECONDS):
        raise Refused("expired", platform.name)
    if not any(fnmatchcase(place.course, pattern) for pattern in platform.courses):
        raise Refused("scope", platform.name)
    return link


def _link(place: Place, found: re.Match[str]) -> Link:
    return Link(
        place=place,
        action=cast(LinkAction, found["action"]),
        platform=found["platform"],
        role=cast(Role, found["role"]),
        expires=int(found["expires"]),
        nonce=found["nonce"],
    )


def _check_signature(link: Link, platform: SigningPlatform, key_id: str, given: str) -> None:
    for key in platform.keys:
        if key.id == key_id and hmac.compare_digest(signature(link, key.secret), given):
            return
    raise Refused("signature", platform.name)
