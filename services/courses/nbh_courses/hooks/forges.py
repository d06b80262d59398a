"""What forges send to a webhook: who signed it, and whose push it is. Pure.

GitHub, Gitea, Forgejo, Gogs and Bitbucket sign the body with the secret (HMAC-SHA256, RFC 2104);
GitLab sends the secret itself. Whatever cannot be understood but is signed counts as a push: it is
a hint to look, and no more.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

Headers = Mapping[str, str]
"""Of one request; looked up in lower case."""

_SIGNATURES = (
    "x-hub-signature-256",  # GitHub; Gitea and Forgejo send it too
    "x-gitea-signature",
    "x-forgejo-signature",
    "x-gogs-signature",
    "x-hub-signature",  # Bitbucket
)
_TOKEN = "x-gitlab-token"  # a header's name
_EVENTS = (
    "x-github-event",
    "x-gitea-event",
    "x-forgejo-event",
    "x-gogs-event",
    "x-gitlab-event",
    "x-event-key",
)
_PUSHES = ("push", "Push Hook", "repo:push", "repo:refs_changed")
_BRANCHES = "refs/heads/"


def may_be_signed(headers: Headers) -> bool:
    """Whether there is anything that could prove who sent it, before the body is read."""
    return any(name in headers for name in (*_SIGNATURES, _TOKEN))


def is_authentic(headers: Headers, body: bytes, secret: str) -> bool:
    """Whether who sent this knows the secret; takes as long for each wrong answer."""
    right = hmac.new(secret.encode(), body, hashlib.sha256).digest().hex()
    proofs = [_same(_signature(headers.get(name, "")), right) for name in _SIGNATURES]
    return any([*proofs, _same(headers.get(_TOKEN, ""), secret)]) and bool(secret)


def _signature(header: str) -> str:
    return header.removeprefix("sha256=").lower()


def _same(given: str, right: str) -> bool:
    # of equal length, so that not even the length of what is right shows
    return hmac.compare_digest(*(hashlib.sha256(t.encode()).digest() for t in (given, right)))


def delivery(headers: Headers, course: str, body: bytes) -> str:
    """A name for this delivery: the same when it is sent again, by whomever.

    Made of what is signed only, or else who heard one could send it under another id. Two pushes
    never have the same body, except GitLab's, which carries no time and is not signed either.
    """
    id_ = headers.get("x-gitlab-event-uuid", "") if _TOKEN in headers else ""
    parts = (course.encode(), id_.encode(), body)
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


class _Repository(msgspec.Struct, frozen=True):
    default_branch: str = ""


class _Change(msgspec.Struct, frozen=True):
    name: str = ""


class _Changes(msgspec.Struct, frozen=True):
    new: _Change | None = None
    old: _Change | None = None


class _Pushed(msgspec.Struct, frozen=True):
    changes: tuple[_Changes, ...] = ()


class _Body(msgspec.Struct, frozen=True):
    """Of all forges' bodies what is looked at here."""

    ref: str | None = None
    repository: _Repository = _Repository()
    project: _Repository = _Repository()
    push: _Pushed | None = None


def concerns(headers: Headers, body: bytes, branch: str, shown_as: str) -> bool:
    """Whether this is news for a course that follows ``branch``.

    Where that is empty it follows the repository's default branch, which the forge names; it was
    ``shown_as`` at the last look.
    """
    event = next((headers[name] for name in _EVENTS if name in headers), "push")
    if event not in _PUSHES:
        return False
    pushed = _read(headers, body)
    refs = _refs(pushed) if pushed else ()
    if pushed is None or not refs:
        return True
    default = pushed.repository.default_branch or pushed.project.default_branch
    followed = {branch} if branch else {default, shown_as}
    return any(ref.removeprefix(_BRANCHES) in followed for ref in refs)


def _refs(body: _Body) -> tuple[str, ...]:
    changes = body.push.changes if body.push else ()
    named = [each.name for change in changes for each in (change.new, change.old) if each]
    return (*([body.ref] if body.ref else []), *named)


def _read(headers: Headers, body: bytes) -> _Body | None:
    try:
        return msgspec.json.decode(_json(headers, body), type=_Body)
    except (msgspec.MsgspecError, ValueError):
        return None


def _json(headers: Headers, body: bytes) -> Any:
    # GitHub's first choice in its form is the one that nobody wants
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode(), max_num_fields=10).get("payload", [""])[0]
    return body
