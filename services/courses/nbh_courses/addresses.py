"""Which git URLs and branches may be given to git at all (S-42). Pure.

What passes here can be no option, no command and no other protocol, whatever git makes of it.
"""

import re

from nbh_courses.failure import CourseError

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_USER = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
_PATH = r"[A-Za-z0-9._~%+@:,=/-]+"

_REMOTE = (
    re.compile(rf"https://{_HOST}(?::[0-9]{{1,5}})?/{_PATH}", re.ASCII),
    re.compile(rf"ssh://(?:{_USER}@)?{_HOST}(?::[0-9]{{1,5}})?/{_PATH}", re.ASCII),
    # what people copy from a forge: user@host:path
    re.compile(rf"{_USER}@{_HOST}:(?![-:]){_PATH}", re.ASCII),
)
_LOCAL = re.compile(r"(?:file://)?/[^\x00-\x1f\x7f-\x9f]*")
_LONGEST = 1024

_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+#-]{0,199}", re.ASCII)
_NOT_IN_BRANCH = ("..", "//", "/.", "./")


def checked_url(url: str, *, local: bool) -> str:
    """Return the URL if it is one that git may be given; ``local`` allows files and bundles.

    Raises:
        CourseError: it is not; says what is.
    """
    if len(url) <= _LONGEST:
        if any(pattern.fullmatch(url) for pattern in _REMOTE):
            return url
        if local and _LOCAL.fullmatch(url):
            return url
    if _LOCAL.fullmatch(url):
        raise CourseError("url-refused", "files and bundles need courses.local_urls = true")
    if re.match(r"https://[^/]*@", url):
        raise CourseError("url-refused", "no user or password in a URL: everybody could read them")
    raise CourseError("url-refused", "write https://host/path, ssh://host/path or user@host:path")


def checked_branch(branch: str) -> str:
    """Return the branch if git may be given it; empty stands for the default one.

    Raises:
        CourseError: it is no name of a branch that we take.
    """
    if branch and not is_branch(branch):
        raise CourseError("branch-refused", "ASCII letters, digits and _ . / + # -, no option")
    return branch


def is_branch(name: str) -> bool:
    """Whether this is the name of a branch, as git and we have them."""
    return bool(
        _BRANCH.fullmatch(name)
        and not any(part in name for part in _NOT_IN_BRANCH)
        and not name.endswith(("/", ".", ".lock"))
        and ".lock/" not in name
    )
