"""Runs tests on a kernel that has what this machine's may lack: Linux as an ordinary program.

User-mode Linux sees this machine's files, and one more disk: an image of ours.
"""

import shutil
import subprocess
import sys
from pathlib import Path

LINUX = shutil.which("linux.uml")
MODULES = Path("/usr/lib/uml/modules")

_REPOSITORY = Path(__file__).parents[2]
_WITHIN = 120.0

_INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
ip link set lo up
{python} -I {load} {modules}
mount -t {kind} -o {options} /dev/ubda {disk} && cd {repository} &&
NBH_STUDENTS={disk}/students timeout -k 1 {within} {python} -m pytest -q -p no:cacheprovider \\
  --confcutdir={inner_folder} --basetemp={disk}/tmp {inner} > {said} 2>&1
echo "status $?" >> {said}
# it goes off a moment later; a kernel whose init has ended would panic
echo o > /proc/sysrq-trigger
sleep 10
"""

_LOAD = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        if libc.syscall(313, file.fileno(), b"", 0) != 0:  # finit_module, on x86
            sys.exit(f"{path}: {os.strerror(ctypes.get_errno())}")
"""


class CannotRun(Exception):
    """It does not run on this machine."""


def tested(folder: Path, image: Path, kind: str, options: str, inner: Path) -> str:
    """Mount an image and run a file of tests there; what pytest printed.

    The tests find the folder of students' files in ``NBH_STUDENTS``.

    Raises:
        CannotRun: says why.
    """
    disk, said, init, load = (folder / name for name in ("disk", "said", "init", "load.py"))
    disk.mkdir()
    load.write_text(_LOAD)
    modules = " ".join(
        str(path)
        for name in ("quota_tree", "quota_v2")
        for path in MODULES.glob(f"*/kernel/fs/quota/{name}.ko")
    )
    init.write_text(
        _INIT.format(
            python=sys.executable,
            load=load,
            modules=modules,
            kind=kind,
            options=options,
            disk=disk,
            repository=_REPOSITORY,
            within=_WITHIN,
            inner=inner,
            inner_folder=inner.parent,
            said=said,
        )
    )
    init.chmod(0o755)
    given = (f"init={init}", f"ubda={image}", "rootfstype=hostfs", "rw", "mem=512M", "con=null")
    booted = subprocess.run(
        (str(LINUX), *given, "con0=fd:0,fd:1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_WITHIN + 30,
        check=False,
    )
    if said.exists():
        return said.read_text()
    printed = booted.stdout.decode(errors="replace")
    if "ptrace set fp regs failed" in printed:
        # the kernel below insists on the whole of them (x86/fpu/regset.c)
        raise CannotRun("user-mode Linux has no room for the registers of a processor with AMX")
    return printed
