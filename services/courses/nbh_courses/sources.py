"""Where a course may come from. Pure: what git is given has passed here (S-42, S-43)."""

import re

from nbh_proto.course import CourseReason

_HTTPS = re.compile(
    r"https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._~%+-]+)+/?", re.ASCII
)
_SSH = re.compile(
    r"(ssh://)?[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5}/|:|/)"
    r"[A-Za-z0-9][A-Za-z0-9._~/+-]*",
    re.ASCII,
)
_LOCAL = re.compile(r"(file://)?/[^\0\n\r]+")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}", re.ASCII)
_LONGEST = 1024


class Refused(Exception):
    """A URL or branch that git is never given; says why, for who typed it."""

    def __init__(self, reason: CourseReason, why: str) -> None:
        super().__init__(why)
        self.reason: CourseReason = reason


def check_url(url: str, *, local: bool) -> None:
    """Refuse what is neither ``https://…`` nor ssh, nor a path where ``local`` allows those.

    Raises:
        Refused: with reason ``url-refused``.
    """
    if len(url) > _LONGEST or url.startswith("-"):
        raise Refused("url-refused", "a URL has at most 1024 characters and is no option")
    if _HTTPS.fullmatch(url) or _SSH.fullmatch(url):
        return
    if not _LOCAL.fullmatch(url):
        raise Refused("url-refused", "write https://host/path or git@host:path")
    if not local:
        raise Refused("url-refused", "paths of this machine are not allowed (courses.local_urls)")


def check_branch(branch: str) -> None:
    """Refuse what could be no branch, or more than one (git-check-ref-format(1)).

    Raises:
        Refused: with reason ``branch-refused``.
    """
    bad = (".." in branch, "//" in branch, "/." in branch, branch.endswith((".lock", "/", ".")))
    if not _BRANCH.fullmatch(branch) or any(bad):
        raise Refused("branch-refused", f"{branch!r} is no name of a branch")
