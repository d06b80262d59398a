"""Compresses what browsers load, when the image is built: `python -m nbh_lab.compress FOLDER…`.

The address of a lab is another one each time, so no browser has Jupyter's six megabytes of scripts
in its cache. A `.gz` beside each file is a quarter of that (`nbh_lab.compressed` sends it).
"""

import gzip
import os
import sys
from pathlib import Path

_KINDS = (".js", ".css", ".svg", ".json")
_LEAST = 1400
"""Bytes; what goes in one packet gains nothing."""


def main(folders: list[str]) -> None:
    """Compress what is below these folders."""
    for folder in folders:
        for file in Path(folder).rglob("*"):
            if file.suffix in _KINDS and file.is_file() and file.stat().st_size >= _LEAST:
                _compress(file)


def _compress(file: Path) -> None:
    about = file.stat()
    beside = file.with_name(f"{file.name}.gz")
    beside.write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    # how it is seen that a file has not been replaced since, by a course's own Dockerfile
    os.utime(beside, (about.st_atime, int(about.st_mtime)))


if __name__ == "__main__":
    main(sys.argv[1:])
