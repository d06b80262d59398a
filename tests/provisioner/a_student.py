"""What a student's own process does to their files: it runs as they do, and says how it went.

python a_student.py <deed>…, in the folder that it is about
"""

import errno
import fcntl
import os
import struct
import subprocess
import sys
from pathlib import Path

_BLOCK = b"x" * 65536
_SUBVOL_CREATE = 1 << 30 | 4096 << 16 | 0x94 << 8 | 14
_MOST = 64 * 1024**2


def does(folder: Path, *deeds: str) -> list[str]:
    """Have a process of the labs' user do these things, and return what became of each."""
    # in a user namespace of their own, as in a lab
    command = ("/usr/bin/setpriv", "--reuid=1000", "--regid=100", "--clear-groups")
    inside = ("/usr/bin/unshare", "--user", "--map-current-user")
    argv = (*command, *inside, "/usr/bin/python3", "-I", "-", *deeds)
    source = Path(__file__).read_text()
    # the way to a workspace is closed to them
    done = subprocess.run(argv, input=source, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as opened:
        written = 0
        while written < _MOST:
            written += opened.write(_BLOCK)


def _make_many(folder: Path) -> None:
    for number in range(2000):
        (folder / f"f{number}").touch()


def _make_subvolume(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    argument = bytearray(struct.pack("=q4088s", 0, b"nested"))
    fcntl.ioctl(descriptor, _SUBVOL_CREATE, argument)


def _leave_project(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    attributes = fcntl.ioctl(descriptor, 0x801C581F, bytes(28))
    flags, extent, _, _, rest = struct.unpack("=IIII12s", attributes)
    fcntl.ioctl(descriptor, 0x401C5820, struct.pack("=IIII12s", flags, extent, 0, 1, rest))


def _do(folder: Path, deed: str) -> None:
    match deed:
        case "fill":
            _fill(folder / "big")
        case "fill-nested":
            _make_subvolume(folder)
            with (folder / "nested/big").open("wb") as file:
                file.write(b"x" * 20 * 1024**2)
        case "leave":
            _leave_project(folder)
        case "write":
            (folder / "little").write_bytes(b"x" * 1024**2)
        case "delete":
            (folder / "big").unlink()
        case "many":
            _make_many(folder)
        case "delete-many":
            for path in folder.glob("f*"):
                path.unlink()


if __name__ == "__main__":
    for deed in sys.argv[1:]:
        try:
            _do(Path(), deed)
            print("done")
        except OSError as e:
            print(errno.errorcode[e.errno or 0])
