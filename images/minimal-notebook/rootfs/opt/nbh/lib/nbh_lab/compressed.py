"""Sends the compressed file beside what is asked for, where there is one (`nbh_lab.compress`)."""

from pathlib import Path
from typing import Any

from jupyter_server.base import handlers

_Plain = handlers.FileFindHandler


class Compressed(_Plain):
    """Jupyter's handler of files that pages are made of."""

    _is_compressed = False

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """The file to send."""
        found: str | None = super().validate_absolute_path(root, absolute_path)
        # who derives from this one may send something else than the file: themes
        if found is None or type(self) is not Compressed or not _is_wanted(self.request):
            return found
        self._is_compressed = _is_of(f"{found}.gz", found)
        # tornado may have looked at the other file already, whose size it would tell
        self.__dict__.pop("_stat_result", None)
        return f"{found}.gz" if self._is_compressed else found

    def get_content_type(self) -> str:
        """That of what is compressed."""
        if not self._is_compressed:
            return str(super().get_content_type())
        compressed, self.absolute_path = self.absolute_path, self.absolute_path.removesuffix(".gz")
        try:
            return str(super().get_content_type())
        finally:
            self.absolute_path = compressed

    def set_extra_headers(self, path: str) -> None:
        """Say how it is compressed, and that it need not be."""
        super().set_extra_headers(path)
        self.set_header("Vary", "Accept-Encoding")
        if self._is_compressed:
            self.set_header("Content-Encoding", "gzip")


def begin() -> None:
    """Have Jupyter use it; before its other modules are imported."""
    handlers.FileFindHandler = Compressed


def _is_wanted(request: Any) -> bool:
    wanted = request.headers.get("Accept-Encoding", "")
    return "gzip" in wanted and "Range" not in request.headers


def _is_of(compressed: str, file: str) -> bool:
    try:
        return int(Path(compressed).stat().st_mtime) == int(Path(file).stat().st_mtime)
    except OSError:
        return False
