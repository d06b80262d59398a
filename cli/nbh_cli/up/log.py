"""The log of `nbh up`: whatever its children say, each line with the name of who said it."""

import asyncio
import os
import sys
from typing import TextIO

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95)
_OURS = "nbh"
_LONGEST_LINE = 64 * 1024


class Log:
    """Writes lines to a stream; what it cannot write is lost, the system goes on."""

    def __init__(self, stream: TextIO = sys.stdout, *, width: int = 11) -> None:
        self._stream = stream
        self._width = width
        self._coloured = stream.isatty()
        self._colours: dict[str, int] = {_OURS: 1}

    def say(self, line: str) -> None:
        """A line of our own."""
        self.write(_OURS, line)

    def write(self, name: str, line: str) -> None:
        """A line of a child."""
        try:
            self._stream.write(f"{self._prefix(name)}{line}\n")
            self._stream.flush()
        except OSError:
            # The terminal or the reader of the pipe has gone. Labs are worth more than the log.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    async def copy(self, name: str, pipe: int) -> None:
        """Every line of a child, until it closes its end of the pipe. Closes ours."""
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", 0)
        )
        try:
            await self._copy(name, reader)
        finally:
            transport.close()

    async def _copy(self, name: str, reader: asyncio.StreamReader) -> None:
        rest = b""
        while data := await reader.read(_LONGEST_LINE):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) >= _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.write(name, line.decode(errors="replace"))
        if rest:
            self.write(name, rest.decode(errors="replace"))

    def _prefix(self, name: str) -> str:
        text = f"{name:<{self._width}} | "
        if not self._coloured:
            return text
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        return f"\x1b[{colour}m{text}\x1b[0m"
