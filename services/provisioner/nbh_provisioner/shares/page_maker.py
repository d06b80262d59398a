"""Makes a page of a notebook. Runs in a container of the course's image: ``python -c``.

Nothing of ours is installed there, so this file imports nothing of ours, and what the image has
only where it is used. How it ended its exit status says (`nbh_provisioner.shares.making`).
"""

import errno
import json
import re
import sys
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

UNREADABLE, TOO_LARGE, NO_NBCONVERT, OUT_OF_MEMORY = 64, 65, 66, 67

_PICTURE = re.compile(
    r"""(<img\b[^<>]*?\ssrc\s*=\s*)("[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)""", re.IGNORECASE
)

_READABLE = """<style>
:root {
  --jp-cell-prompt-not-active-opacity: 1;
  --jp-mirror-editor-comment-color: #2f6b6b;
  --jp-mirror-editor-number-color: #070;
  --jp-mirror-editor-operator-color: #91d;
  --jp-mirror-editor-variable-3-color: #064;
}
pre :is(.ansi-red-fg, .ansi-red-intense-fg) { color: #a51d18 !important; }
pre :is(.ansi-green-fg, .ansi-green-intense-fg) { color: #00602a !important; }
pre :is(.ansi-yellow-fg, .ansi-yellow-intense-fg) { color: #6e5200 !important; }
pre :is(.ansi-blue-fg, .ansi-blue-intense-fg) { color: #0b4f9e !important; }
pre :is(.ansi-magenta-fg, .ansi-magenta-intense-fg) { color: #8a1f7c !important; }
pre :is(.ansi-cyan-fg, .ansi-cyan-intense-fg) { color: #0a5c60 !important; }
</style>
"""
"""What nbconvert draws with less contrast than WCAG asks for (1.4.3)."""


def main(source: str, title: str, pictures: str, target: str, most: str) -> int:
    """Write the page of the notebook ``source`` into the file ``target``; the exit status.

    Args:
        pictures: a file; each line is what the notebook calls a picture, and the picture itself
            as a URL.
        most: how many bytes the page may have with pictures in it.
    """
    # A grammar that jsonschema builds, if it can, for a format that no notebook has: two thirds of
    # all that a page takes.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    try:
        page = _page(_notebook(source), title)
        lines = Path(pictures).read_text(encoding="utf-8").splitlines()
        page = with_pictures(page, dict(json.loads(line) for line in lines), int(most))
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


def plain(reference: str) -> str:
    """The name of a file that a page refers to, which can be written in many ways."""
    return unquote(unescape(reference).strip().partition("#")[0].partition("?")[0])


def with_pictures(page: str, pictures: dict[str, str], most: int) -> str:
    """The page with the pictures in it, while there is room; of others it has what it had."""
    room = most - len(page.encode())

    def put(match: "re.Match[str]") -> str:
        nonlocal room
        url = pictures.get(plain(match[2].strip("\"'")), "")
        if not url or len(url) > room:
            return match[0]
        room -= len(url)
        return f'{match[1]}"{url}"'

    return _PICTURE.sub(put, page)


def _notebook(source: str) -> Any:
    if source.endswith(".ipynb"):
        import nbformat

        return nbformat.read(source, as_version=4)  # type: ignore[no-untyped-call]
    import jupytext

    return jupytext.read(source)


def _page(notebook: Any, title: str) -> str:
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter().from_notebook_node(notebook, {"metadata": {"name": title}})
    return str(page).replace("</head>", f"{_READABLE}</head>", 1)


def _said(error: BaseException, status: int) -> int:
    print(f"{type(error).__name__}: {error}"[:2000], file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
