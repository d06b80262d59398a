"""Fails when a postponed name is not where it is said to be: ``python -m nbh_lab.check``."""

import importlib

from nbh_lab.modules import WHEN_USED


def missing() -> list[str]:
    """The names of `WHEN_USED` that the installed packages do not have.

    Raises:
        ImportError: a whole module is not there.
    """
    return [
        f"{module}.{name}"
        for module, names in WHEN_USED.items()
        for name in names
        if not hasattr(importlib.import_module(module), name)
    ]


if __name__ == "__main__":
    for module in WHEN_USED:
        importlib.import_module(module)
    if gone := missing():
        raise SystemExit(f"nbh_lab/modules.py postpones what is not there: {', '.join(gone)}")
