"""What each release says and keeps, on record: ``corpus/<release>.json``, written once for each.

The file of a release that is out is never changed: it stands for what lies in streams and buckets
when the next one starts, and for what a service of that release says during an upgrade (R-22).
``python -m tests.proto.corpus`` writes the one of this release, ``--check`` says if it is stale.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import msgspec

from tests.proto import examples

FOLDER = Path(__file__).parent / "corpus"


def release() -> str:
    """The one that this is, or will be."""
    return version("nbh-proto")


def file_of(name: str) -> Path:
    """Where a release's record is."""
    return FOLDER / f"{name}.json"


def read(file: Path) -> dict[str, list[dict[str, object]]]:
    """The entries of a record, by type."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, list[dict[str, object]]])


def written() -> bytes:
    """The record of this release: of each type the least and the most that one can say."""
    entries = {
        type_.__name__: [
            msgspec.to_builtins(msgspec.convert(given, type_))
            for given in (examples.least(type_), examples.most(type_))
        ]
        for type_ in examples.every_type()
    }
    return msgspec.json.format(msgspec.json.encode(entries)) + b"\n"


def main() -> None:
    """Write it, or compare it."""
    file, now = file_of(release()), written()
    if "--check" not in sys.argv:
        FOLDER.mkdir(exist_ok=True)
        file.write_bytes(now)
    elif not file.exists() or file.read_bytes() != now:
        sys.exit(f"{file.name} is stale: run scripts/make-corpus")


if __name__ == "__main__":
    main()
