"""Makes a page of a notebook. Runs in a container of the course's image: ``python -c``.

Nothing of ours is installed there, so this file imports nothing of ours, and what the image has
only where it is used. How it ended its exit status says (`nbh_provisioner.shares.making`).
"""

import errno
import sys
from pathlib import Path
from typing import Any

UNREADABLE, TOO_LARGE, NO_NBCONVERT, OUT_OF_MEMORY = 64, 65, 66, 67


def main(source: str, title: str, target: str) -> int:
    """Write the page of the notebook ``source`` into the file ``target``; the exit status."""
    # A grammar that jsonschema builds, if it can, for a format that no notebook has: two thirds of
    # all that a page takes.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    try:
        page = _page(_notebook(source), title)
        Path(target).write_text(page, encoding="utf-8")
    except ModuleNotFoundError as e:
        return _said(e, NO_NBCONVERT)
    except MemoryError as e:
        return _said(e, OUT_OF_MEMORY)
    except OSError as e:
        is_full = e.errno in (errno.EFBIG, errno.ENOSPC)
        return _said(e, TOO_LARGE if is_full else UNREADABLE)
    except Exception as e:  # whatever a notebook can be, nbformat has an error of its own for it
        return _said(e, UNREADABLE)
    return 0


def _notebook(source: str) -> Any:
    if source.endswith(".ipynb"):
        import nbformat

        return nbformat.read(source, as_version=4)  # type: ignore[no-untyped-call]
    import jupytext

    return jupytext.read(source)


def _page(notebook: Any, title: str) -> str:
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter().from_notebook_node(notebook, {"metadata": {"name": title}})
    return str(page)


def _said(error: BaseException, status: int) -> int:
    print(f"{type(error).__name__}: {error}"[:2000], file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
