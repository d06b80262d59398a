"""Why a course could not be published, in a word for programs and a sentence for people."""

import errno
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nbh_proto.course import CourseReason

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MOST = 500

_FULL = (errno.ENOSPC, errno.EDQUOT)

_KEY = "it is private, or not there (docs/courses.md, Private repositories: how it is given a key)"
_OTHER_KEY = (
    "the forge has another key than the one in .ssh/known_hosts of the courses' folder; if that is"
    " right, remove its line there"
)
_NOBODY = (
    "ssh wants its user to have an account, and this machine lets nobody do without (it allows no"
    " user namespaces): make one for the user of the courses service"
)

_ADVICE: tuple[tuple[str, str], ...] = (
    (r"Host key verification failed", _OTHER_KEY),
    (
        r"could not read (Username|Password)|Authentication failed|Permission denied|"
        r"returned error: 40[13]|[Rr]epository .*not found",
        _KEY,
    ),
    (r"No user exists for uid|unshare failed", _NOBODY),
)
"""What somebody can do about what git says, the first that fits."""

_SAID: tuple[tuple[CourseReason, str], ...] = (
    ("url-refused", r"transport '.*' not allowed"),
    ("no-branch", r"couldn't find remote ref|no such ref|Remote branch .* not found"),
    (
        "authentication",
        r"could not read (Username|Password)|Authentication failed|Permission denied|"
        r"terminal prompts disabled|returned error: 40[13]|Host key verification failed|"
        r"No user exists for uid|unshare failed",
    ),
    ("disk-full", r"No space left on device|Disk quota exceeded"),
    ("too-big", r"died of signal 25|File size limit exceeded|File too large|exceeds maximum"),
    ("slow", r"died of signal 24|CPU time limit exceeded|timed out"),
    (
        "unreachable",
        r"Could not resolve|Failed to connect|unable to access|not appear to be a git repository|"
        r"Could not read from remote|Connection (refused|reset|closed)|unable to connect|"
        r"[Rr]epository .*not found|early EOF|hung up unexpectedly|No such file or directory",
    ),
    (
        "unreadable",
        r"fsck|bad object|invalid object|corrupt|index-pack failed|unpack|bundle|missing|"
        r"object-format|mismatched algorithms|inflate|unknown object|pack has",
    ),
)
"""What git says on stderr, in the order in which it is tried: first what tells most."""

_FALLBACK = re.compile(r"^(fatal|error|ERROR|remote|ssh):? ?", re.MULTILINE)

_XCPU, _XFSZ = 24, 25


class CourseError(Exception):
    """A course could not be published."""

    def __init__(self, reason: CourseReason, detail: str = "") -> None:
        self.reason: CourseReason = reason
        self.detail = _printable(detail)
        super().__init__(f"{reason}: {self.detail}" if self.detail else reason)


def of_git(status: int, said: Sequence[str]) -> CourseError:
    """What to call a run of git that failed: its exit status (negative: a signal), its stderr."""
    text = "\n".join(said)
    if status == -_XFSZ:
        return CourseError("too-big", "a file of the repository is larger than courses.max_bytes")
    if status == -_XCPU:
        return CourseError("slow", "git took more time of the processor than it may")
    for reason, pattern in _SAID:
        if re.search(pattern, text):
            return CourseError(reason, _advised(text, _telling(said)))
    return CourseError("unreachable", _telling(said) or f"git ended with status {status}")


@contextmanager
def of_disk() -> Iterator[None]:
    """Have what a disk refuses told as such.

    Raises:
        CourseError: the disk is full.
    """
    try:
        yield
    except OSError as e:
        if e.errno in _FULL:
            raise CourseError("disk-full", e.strerror or "") from e
        raise


def _advised(text: str, telling: str) -> str:
    for pattern, advice in _ADVICE:
        if re.search(pattern, text):
            return f"{advice}: {telling}"
    return telling


def _telling(said: Sequence[str]) -> str:
    """The lines in which git says what is wrong, without those that say how it went."""
    lines = [line for line in said if _FALLBACK.match(line)]
    return "; ".join(lines or list(said)[-3:])


def _printable(text: str) -> str:
    # The other side speaks too ("remote: …"): no escapes of its own on an operator's terminal.
    return _CONTROL.sub(" ", text).strip()[:_MOST]
