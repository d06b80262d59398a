"""The log of `nbh up`: whatever its children say, each line with the name of who said it."""

import asyncio
import io
import os
import sys
from typing import TextIO

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95)
_OURS = "nbh"
_LONGEST_LINE = 64 * 1024

_GATHER = 0.05
"""Seconds in which a child's lines gather in its pipe, where its death does not take them. Who is
woken for each line takes more of the processors than those who write them."""


class Log:
    """Writes lines to a stream; what it cannot write is lost, the system goes on."""

    def __init__(self, stream: TextIO = sys.stdout, *, width: int = 11) -> None:
        if isinstance(stream, io.TextIOWrapper):
            # a line that a terminal's encoding has no letters for is no reason to stop
            stream.reconfigure(errors="backslashreplace")
        self._stream = stream
        self._width = width
        self._coloured = stream.isatty()
        self._colours: dict[str, int] = {_OURS: 1}

    def say(self, line: str) -> None:
        """A line of our own."""
        self.write(_OURS, line)

    def write(self, name: str, *lines: str) -> None:
        """Lines of a child."""
        prefix = self._prefix(name)
        try:
            self._stream.write("".join(f"{prefix}{line}\n" for line in lines))
            self._stream.flush()
        except OSError:
            # The terminal or the reader of the pipe has gone. Labs are worth more than the log.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    async def copy(self, name: str, pipe: int) -> None:
        """Every line of a child, until it closes its end of the pipe. Closes ours."""
        os.set_blocking(pipe, False)
        try:
            await self._copy(name, pipe)
        finally:
            os.close(pipe)

    async def _copy(self, name: str, pipe: int) -> None:
        data = rest = b""
        while data := await _gathered(pipe, data):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) >= _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            self.write(name, *(line.decode(errors="replace") for line in lines))
        if rest:
            self.write(name, rest.decode(errors="replace"))

    def _prefix(self, name: str) -> str:
        text = f"{name:<{self._width}} | "
        if not self._coloured:
            return text
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        return f"\x1b[{colour}m{text}\x1b[0m"


async def _gathered(pipe: int, last: bytes) -> bytes:
    """What is in a pipe some time after something came; at once if ``last`` we took all we can."""
    await _something(pipe)
    if len(last) < _LONGEST_LINE:
        await asyncio.sleep(_GATHER)
    return os.read(pipe, _LONGEST_LINE)


async def _something(pipe: int) -> None:
    there, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(pipe, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_reader(pipe)
