"""Style sheets and scripts, at addresses that change with them: browsers keep them for good."""

import gzip
import hashlib
import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from starlette.responses import Response

from nbh_kit import pages

FOLDER = "/dashboard/assets"
PLOTLY = "plotly.min.js"

_STYLES = re.compile(rb'getElementById\("([0-9a-f]{64})"\)')
_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_HEADERS = {
    # they are for who is signed in, as all else here, so no proxy in between keeps them
    "Cache-Control": "private, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
}


class Asset(NamedTuple):
    """One file, as it is and compressed."""

    content: bytes
    gzipped: bytes
    media_type: str


class Assets:
    """All of them, in memory: later the process may not read them."""

    def __init__(self) -> None:
        ours = _ours()
        # scripts import each other by their names, so they share a folder
        self._ours = _digest(*(name.encode() + content for name, content in ours.items()))
        library = _plotly()
        self._library = _digest(library)
        self.styled_elsewhere = [found.decode() for found in _STYLES.findall(library)]
        """Ids of style sheets that the library would write into a page, where no such id is."""

        self._all = {(self._ours, name): _asset(name, content) for name, content in ours.items()}
        self._all[self._library, PLOTLY] = _asset(PLOTLY, library)

    @property
    def scripts(self) -> list[str]:
        """The addresses of our own scripts."""
        return [self.address(name) for at, name in self._all if at == self._ours and _is_js(name)]

    def address(self, name: str) -> str:
        """Where a file is."""
        return f"{FOLDER}/{self._library if name == PLOTLY else self._ours}/{name}"

    def answer(self, digest: str, name: str, accepted: str) -> Response | None:
        """A file, if it is there; ``accepted`` is what a browser says in ``Accept-Encoding``."""
        found = self._all.get((digest, name))
        if found is None:
            return None
        if "gzip" not in accepted.lower():
            return Response(found.content, media_type=found.media_type, headers=_HEADERS)
        headers = _HEADERS | {"Content-Encoding": "gzip"}
        return Response(found.gzipped, media_type=found.media_type, headers=headers)


def _ours() -> Mapping[str, bytes]:
    files = sorted(path for path in _STATIC.iterdir() if path.suffix in _TYPES)
    read = {path.name: path.read_bytes() for path in files}
    return read | {"style.css": pages.look().encode() + read["style.css"]}


def _plotly() -> bytes:
    """The library as its package has it; nothing of the package is imported."""
    found = importlib.util.find_spec("plotly")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "package_data" / PLOTLY).read_bytes()


def _asset(name: str, content: bytes) -> Asset:
    return Asset(content, gzip.compress(content, 6, mtime=0), _TYPES[Path(name).suffix])


def _digest(*contents: bytes) -> str:
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]


def _is_js(name: str) -> bool:
    return name.endswith(".js")
