"""Becomes the program that it is told, with no more rights than it needs: run as a script.

    python -I -S child.py [--as UID] [--low-ports] [--dies-by SIGNAL] [--show BARRIER PATH …]
                          --parent PID -- PROGRAM ARGUMENT …

Every child of `nbh up` starts this way, so that none outlives it, however it ends: the kernel
sends the signal when the parent dies (prctl(2), PR_SET_PDEATHSIG). Standard library only: it is
gone after some 20 ms.
"""

import argparse
import ctypes
import os
import signal
import stat
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_NET_BIND_SERVICE = 10
_CAPABILITY_VERSION_3 = 0x20080522
_CLONE_NEWNS = 0x20000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000

_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    """Drop what is not needed and become the program. Does not return."""
    given = _parsed(arguments)
    _die_with(given.parent, given.dies_by)
    # Opened while we are root: the program may stand where its user cannot go.
    program = os.open(given.program[0], os.O_RDONLY | os.O_CLOEXEC)
    _show(given.show)
    if given.uid is not None:
        _become(given.uid, low_ports=given.low_ports)
        # the kernel forgets the wish when the user changes
        _die_with(given.parent, given.dies_by)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    os.execve(program, given.program, os.environ)  # noqa: S606  # a literal list, no shell


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="child")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--as", dest="uid", type=int)
    parser.add_argument("--low-ports", action="store_true")
    parser.add_argument("--dies-by", type=int, default=int(signal.SIGKILL))
    parser.add_argument("--show", nargs=2, action="append", default=[])
    parser.add_argument("program", nargs="+")
    return parser.parse_args(arguments)


def _die_with(parent: int, by: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)


def _become(uid: int, *, low_ports: bool) -> None:
    if low_ports:
        _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.umask(0o027)
    if low_ports:
        _keep_only_low_ports()


def _keep_only_low_ports() -> None:
    bit = 1 << _CAP_NET_BIND_SERVICE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable
    _checked(_libc.capset(header, sets), "capset")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_NET_BIND_SERVICE)


def _show(wanted: list[tuple[str, str]]) -> None:
    """Let an unprivileged user reach paths behind closed folders, and nothing else behind them.

    In a mount namespace of our own each closed folder is covered by an empty one that holds only
    those paths. The machine's own mounts do not change.
    """
    if not wanted:
        return
    _checked(_libc.unshare(_CLONE_NEWNS), "unshare")
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    opened = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for _, path in wanted]
    for barrier in dict.fromkeys(barrier for barrier, _ in wanted):
        _mount("tmpfs", barrier, "tmpfs", 0, "mode=0755,size=1m")
    for path, fd in opened:
        _make_place(Path(path), fd)
        _mount(f"/proc/self/fd/{fd}", path, None, _MS_BIND | _MS_REC)


def _make_place(path: Path, fd: int) -> None:
    """Something of the same kind to mount on."""
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        path.mkdir(parents=True, exist_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind)]
    result = _libc.mount(*encoded, ctypes.c_ulong(flags), data.encode() or None)
    _checked(result, f"mount on {target}")


def _prctl(*arguments: int) -> None:
    _checked(_libc.prctl(*(ctypes.c_ulong(a) for a in [*arguments, 0, 0, 0, 0][:5])), "prctl")


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as e:
        sys.exit(f"cannot be started: {e}")
