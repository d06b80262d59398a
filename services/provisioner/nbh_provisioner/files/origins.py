"""Which original a student's copy was made of, written on the copy as an attribute of its file.

It goes where the copy goes: what a reset keeps has its own, which comes back with it. Jupyter
writes into the file that is there, so a save leaves it. Where it is lost (git makes other files,
some file systems have no attributes) nobody knows, and nobody is told of anything.
Its student may change it, which is their own affair.
"""

import hashlib
import os

_NAME = "user.nbh.original"
_STEP = 1024**2


def digest(file: int) -> str:
    """What an open file holds, in 64 hexadecimal digits; it is read from its beginning."""
    made = hashlib.sha256()
    at = 0
    while piece := os.pread(file, _STEP, at):
        made.update(piece)
        at += len(piece)
    return made.hexdigest()


def write(file: int, original: str) -> bool:
    """Say of an open file which original it was made of; whether that can be said there."""
    try:
        os.setxattr(file, _NAME, original.encode())
    except OSError:
        return False
    return True


def read(file: int) -> str | None:
    """Which original an open file was made of; None if nobody knows."""
    try:
        return os.getxattr(file, _NAME).decode("ascii", errors="replace")
    except OSError:
        return None
