"""Which submodules of a course may be fetched, and from where (S-43). Pure.

Only those that the course itself pins and names, over https, at its own forge (or in files where
the course is one too), and none of theirs.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from nbh_courses import egress
from nbh_courses.addresses import checked_url
from nbh_courses.failure import CourseError
from nbh_courses.nodes import Folder, Submodule

FILE = ".gitmodules"
MOST = 20


class Wanted(NamedTuple):
    """A submodule that may be fetched."""

    path: str
    url: str
    commit: str


class Judged(NamedTuple):
    """All submodules of a commit."""

    wanted: tuple[Wanted, ...]
    problems: tuple[str, ...]
    """What is refused and why, in sentences for the teacher."""


def judge(root: Folder, listed: str, giturl: str, *, local: bool) -> Judged:
    """What of a commit's submodules may be fetched.

    Args:
        listed: what ``git config --null --list`` says of the commit's ``.gitmodules``.
        giturl: the course's own URL.
        local: whether files are allowed.
    """
    urls = _urls(listed)
    wanted: list[Wanted] = []
    problems: list[str] = []
    for path, commit in _pinned(root, ""):
        try:
            if len(wanted) == MOST:
                raise CourseError("too-big", f"more than {MOST} submodules")
            url = _checked(urls.get(path, ""), giturl, local=local)
            wanted.append(Wanted(path, url, commit))
        except CourseError as e:
            problems.append(problem(path, e))
    return Judged(tuple(wanted), tuple(problems))


def problem(path: str, why: CourseError) -> str:
    """Why a submodule is not there, in a sentence."""
    shown = path.encode(errors="surrogateescape").decode(errors="replace")
    text = f"{shown}: the submodule is left out: {why.detail or why.reason}"
    return "".join(c if c.isprintable() else "?" for c in text)


def _pinned(folder: Folder, path: str) -> Iterator[tuple[str, str]]:
    for name, node in sorted(folder.items()):
        if isinstance(node, Submodule):
            yield path + name, node.commit.hex()
        elif isinstance(node, dict):
            yield from _pinned(node, f"{path}{name}/")


def _urls(listed: str) -> Mapping[str, str]:
    """URL by path."""
    found: dict[str, dict[str, str]] = {}
    for entry in listed.split("\0"):
        key, _, value = entry.partition("\n")
        section, _, rest = key.partition(".")
        name, _, variable = rest.rpartition(".")
        if section == "submodule" and name:
            found.setdefault(name, {})[variable] = value
    return {s["path"].rstrip("/"): s["url"] for s in found.values() if {"path", "url"} <= s.keys()}


def _checked(url: str, giturl: str, *, local: bool) -> str:
    if not url:
        raise CourseError("url-refused", f"{FILE} says no URL for it")
    full = checked_url(_absolute(url, giturl), local=local)
    there, ours = egress.target(full), egress.target(giturl)
    if there is None and ours is None:
        return full
    if there is None or there.scheme != "https":
        raise CourseError("url-refused", "only https is taken for submodules")
    if ours is None or there.host != ours.host:
        raise CourseError("url-refused", f"{there.host} is not the forge of the course itself")
    return full


def _absolute(url: str, giturl: str) -> str:
    """As git has it: relative to the course's own URL (git-submodule, add)."""
    if not url.startswith(("./", "../")):
        return url
    base = giturl.rstrip("/")
    while url.startswith(("./", "../")):
        step, _, url = url.partition("/")
        if step == "..":
            base = base.rpartition("/")[0]
    return f"{base}/{url}"
