"""Runs a program as a user without rights, in a closed room. A script, run as root:

    python -I -S sandbox.py UID ROOM MIRROR PROGRAM ARGUMENT…

Inside, ``/tmp`` has the folder ROOM as ``room``, the folder MIRROR (``-`` for none) read-only as
``mirror.git``, and nothing else; there is no network. So the user needs no way to where those
folders really are, and what the program writes down tells nothing of this machine.
"""

import ctypes
import os
import sys
from pathlib import Path

ROOM = "/tmp/room"
MIRROR = "/tmp/mirror.git"

_CLONE_NEWNS, _CLONE_NEWNET = 0x20000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def main(uid: int, room: str, mirror: str, argv: list[str]) -> None:
    """Enter the room and become the program."""
    _check(_libc.unshare(_CLONE_NEWNS | _CLONE_NEWNET), "unshare")
    _mount("none", "/", "", _REC | _PRIVATE)
    # opened before /tmp is covered, where they may well be
    inside = {ROOM: os.open(room, os.O_PATH)}
    if mirror != "-":
        inside[MIRROR] = os.open(mirror, os.O_PATH)
    _mount("none", "/tmp", "tmpfs", _NOSUID | _NODEV)
    for place, descriptor in inside.items():
        Path(place).mkdir()
        _mount(f"/proc/self/fd/{descriptor}", place, "", _BIND)
    if mirror != "-":
        _mount("none", MIRROR, "", _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
    os.chdir(ROOM)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    os.execv(argv[0], argv)  # noqa: S606 - it is what this script is for


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    given = (source.encode(), target.encode(), kind.encode(), flags, None)
    _check(_libc.mount(*given), f"mount {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
