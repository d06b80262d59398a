"""Where the programs are that come as wheels: beside the interpreter, else on the PATH."""

import shutil
import sys
from pathlib import Path


class ProgramMissing(FileNotFoundError):
    """A program that nbhosting runs is not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is neither beside {sys.executable} nor on the PATH")


def find(name: str) -> Path:
    """The full path of a program such as ``nats-server``, ``traefik`` or ``git``.

    Raises:
        ProgramMissing: it is not installed.
    """
    beside = Path(sys.executable).parent / name
    if beside.is_file():
        return beside
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(name)
    return Path(found)
