"""Where the lines of a build go: live to who asked, and into a file that stays for the next one.

They are no events: a day of builds would fill the stream that is kept for 30 days.
"""

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from nbh_proto import BuildLog, names
from nbh_proto.build import What

Say = Callable[[str], Awaitable[None]]

_BEGINNING = 256 * 1024
_END = 128 * 1024
_LIVE_LINES = 5000


class Logs:
    """The last log of each course's builds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, course: str, what: What) -> Path:
        """Where it is."""
        return self._folder / names.checked_id("course", course) / f"{what}.log"

    def read(self, course: str, what: What) -> BuildLog:
        """The last one; it has a bounded size."""
        try:
            with self.file(course, what).open("rb") as file:
                text = file.read(_BEGINNING + _END + 4096).decode(errors="replace")
                at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
        except FileNotFoundError:
            return BuildLog()
        return BuildLog(text=text, at=at)


class Saying:
    """One build's lines."""

    def __init__(self, file: Path, live: Say) -> None:
        self._path = file
        self._live = live
        self._lines = 0
        self._room = _BEGINNING
        self._end: deque[bytes] = deque()
        self._end_bytes = 0
        self._left_out = 0
        self._file: BinaryIO | None = None
        """From the first line on: what has nothing to say leaves the last log alone."""

    def __enter__(self) -> "Saying":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        if self._left_out:
            self._file.write(f"… {self._left_out} lines are left out here …\n".encode())
        for line in self._end:
            self._file.write(line)
        self._file.close()

    async def __call__(self, line: str) -> None:
        """Say a line. Returns when it is on its way: who says more than is heard waits."""
        self._keep(f"{line}\n".encode())
        self._lines += 1
        if self._lines < _LIVE_LINES:
            await self._live(line)
        elif self._lines == _LIVE_LINES:
            await self._live("… more is not shown live; the log has the end of it …")

    def note(self, line: str) -> None:
        """Write a line into the log only."""
        self._keep(f"{line}\n".encode())

    def from_a_thread(self) -> Callable[[str], None]:
        """The same for a thread: it goes on when its line is on its way."""
        loop = asyncio.get_running_loop()

        def say(line: str) -> None:
            asyncio.run_coroutine_threadsafe(self(line), loop).result()

        return say

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb", buffering=0)
        return self._file

    def _keep(self, line: bytes) -> None:
        file = self._opened()
        if self._room >= len(line) and not self._end:
            self._room -= len(line)
            file.write(line)
            return
        self._end.append(line)
        self._end_bytes += len(line)
        while self._end_bytes > _END:
            self._end_bytes -= len(self._end.popleft())
            self._left_out += 1
