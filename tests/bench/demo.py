"""How soon `make demo` prints its URL: the first time, and later.

It has no floor: the bare parts invite nobody.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figures import Figure, at_most, median, spread
from tests.conftest import REPOSITORY
from tests.demo import demo

TIMES = 3
_FIRST, _LATER = 300, 10
_GIVEN_UP = 900.0

_STORAGE = """
[storage]
driver = "overlay"
graphroot = "{folder}/images"
runroot = "{folder}/running"
"""


async def figures(folder: Path) -> list[Figure]:
    """Those of a fresh clone; the programs of the system are there already."""
    folder.mkdir()
    checkout, kept = folder / "checkout", folder / "kept"
    with nothing_kept(folder) as environment:
        run("git", "clone", "--quiet", str(REPOSITORY), str(checkout))
        given = {"environment": environment, "within": _GIVEN_UP}
        async with demo(kept, checkout, **given) as (_, _, first):
            pass
        later = []
        for _ in range(TIMES):
            async with demo(kept, checkout, **given) as (_, _, seconds):
                later.append(seconds)
    return [
        at_most("a first `make demo`, to its URL", first, _FIRST, unit="s", floor=None),
        at_most(
            "a later `make demo`, to its URL",
            median(later),
            _LATER,
            unit="s",
            floor=None,
            spread=spread(later),
        ),
    ]


@contextmanager
def nothing_kept(folder: Path) -> Iterator[Mapping[str, str]]:
    """An environment in which neither packages nor images of earlier runs are found."""
    configuration = folder / "storage.conf"
    configuration.write_text(_STORAGE.format(folder=folder))
    environment = {
        "CONTAINERS_STORAGE_CONF": str(configuration),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    try:
        yield environment
    finally:
        run("podman", "rmi", "--all", "--force", environment=environment)
        for mounted in (folder / "images/overlay", folder / "images"):
            if mounted.is_mount():
                run("umount", str(mounted))


def run(*argv: str, environment: Mapping[str, str] = {}, cwd: Path | None = None) -> None:
    """Run a program that must not fail."""
    given = {**os.environ, **environment}
    subprocess.run(argv, env=given, cwd=cwd, stdout=subprocess.DEVNULL, check=True)
