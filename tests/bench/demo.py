"""How soon `make demo` prints its URL, when it is not the first one here.

It has no floor: the bare parts invite nobody.
"""

from pathlib import Path

from tests.bench.figures import Figure, at_most, median, spread
from tests.demo import demo

TIMES = 3


async def figures(folder: Path) -> list[Figure]:
    """Each with the folder of the one before it, as on a person's machine."""
    took = []
    for _ in range(1 + TIMES):
        async with demo(folder) as (_, _, seconds):
            took.append(seconds)
    later = took[1:]
    return [
        at_most(
            "a later `make demo`, from its start to its URL",
            median(later),
            10,
            unit="s",
            floor=None,
            spread=f"{spread(later)}; the first here {took[0]:.3g}",
        )
    ]
