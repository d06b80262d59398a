"""Whether a git is older than it should be to read what strangers push (S-43). Pure."""

import re

_VERSION = re.compile(r"git version (\d+)\.(\d+)(?:\.(\d+))?")

_MENDED = {39: 4, 40: 2, 41: 1, 42: 2, 43: 4, 44: 1, 45: 1}
"""By minor version of git 2: the first patch without CVE-2024-32002, -32004, -32020 and -32021."""


def complaint(said: str) -> str:
    """What is to be said of what ``git --version`` says; empty if nothing is.

    It is no reason to stop: distributions mend an old version and keep its number.

    >>> complaint("git version 2.39.5")
    ''
    >>> complaint("git version 2.34.1")
    'git 2.34.1 is older than 2.39.4: see that your distribution has mended CVE-2024-32002'
    """
    found = _VERSION.match(said)
    if not found:
        return f"this is no version of git that we know: {said[:40]!r}"
    major, minor, patch = (int(part or 0) for part in found.groups())
    if (major, minor) > (2, max(_MENDED)) or (major == 2 and patch >= _MENDED.get(minor, 1000)):
        return ""
    floor = f"2.{minor}.{_MENDED[minor]}" if major == 2 and minor in _MENDED else "2.39.4"
    version = f"{major}.{minor}.{patch}"
    mended = "see that your distribution has mended CVE-2024-32002"
    return f"git {version} is older than {floor}: {mended}"
