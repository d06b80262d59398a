"""`nbh stats import`."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from cyclopts import Parameter

from nbh_cli import operating
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_cli.units import counted
from nbh_kit.bus import Bus, BusAway
from nbh_proto import names
from nbh_proto.stats import ImportLines, LinesImported

File = Literal["events", "counts"]

_MOST_BYTES = 600 * 1024
"""NATS carries 1 MiB in one message, and JSON may take more than a line has."""

_SECOND = len("2026-01-02T03:04:05")
_LONGEST = 4096
_WITHIN = 120.0


class Chunk(NamedTuple):
    """Lines that are handed over in one go; all of a second are in one."""

    first: int
    lines: list[str]


def import_(
    *files: Annotated[Path, Parameter(help="Such as raw/python/events.raw.")],
    course: Annotated[str, Parameter(help="Whose they are; else what the file says.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Take over FILES that nbhosting 0.59 wrote: `events.raw` and `counts.raw`.

    What is stored already is not stored twice. Lines that cannot be read are told with their
    numbers, and the exit status is 1 then. A `counts.raw` without --course is that of the course
    whose folder it is in.
    """
    if not files:
        raise Sorry("name a file, such as raw/python/events.raw", 2)
    given = operating.load(config)

    async def hand_over() -> int:
        async with operating.bus(given) as bus:
            unreadable = [await _import(bus, file, course) for file in files]
            return 1 if any(unreadable) else 0

    return asyncio.run(hand_over())


async def _import(bus: Bus, file: Path, course: str) -> int:
    kind = _kind(file)
    whose = course or (file.absolute().parent.name if kind == "counts" else "")
    if whose and not names.ID.fullmatch(whose):
        raise Sorry(f"{file}: {whose!r} is no course; name it with --course", 2)
    total = await handed_over(bus, file, whose)
    for each in total.unreadable:
        print(f"{file}:{each.line}: {each.why}")
    print(f"{file}: {said(total)}")
    return len(total.unreadable)


async def handed_over(bus: Bus, file: Path, course: str) -> LinesImported:
    """Have all lines of a file stored that are not stored yet; ``course`` is whose they are, else
    what each says.

    Raises:
        Sorry: the file cannot be read, or the stats service does not answer.
    """
    kind = _kind(file)
    total = LinesImported()
    questions = (
        ImportLines(file=kind, only_course=course, first=chunk.first, lines=tuple(chunk.lines))
        for chunk in _chunks(file)
    )
    async for answer in _answers(bus, questions):
        total = _sum(total, answer)
    return total


def said(total: LinesImported) -> str:
    """What came of a file, in words."""
    return (
        f"{counted(total.stored, 'line')} stored, {total.known} known already, "
        f"{total.passed_over} passed over, {len(total.unreadable)} not readable"
    )


def _sum(total: LinesImported, more: LinesImported) -> LinesImported:
    return LinesImported(
        stored=total.stored + more.stored,
        known=total.known + more.known,
        passed_over=total.passed_over + more.passed_over,
        unreadable=total.unreadable + more.unreadable,
    )


async def _answers(bus: Bus, questions: Iterable[ImportLines]) -> AsyncIterator[LinesImported]:
    """In the order of the questions; while the service works on one, the next is on its way."""
    asked: deque[asyncio.Task[LinesImported]] = deque()
    try:
        for question in questions:
            asked.append(asyncio.create_task(_asked(bus, question)))
            if len(asked) > 1:
                yield await asked.popleft()
        while asked:
            yield await asked.popleft()
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def _asked(bus: Bus, question: ImportLines) -> LinesImported:
    try:
        answer = await bus.ask(question, LinesImported, within=_WITHIN)
    except BusAway as e:
        raise Sorry(f"the stats service does not answer: {e}. What is stored stays so") from e
    if answer.error:
        raise Sorry(f"line {question.first} and after: {answer.error}")
    return answer


def _kind(file: Path) -> File:
    if file.name.startswith("events"):
        return "events"
    if file.name.startswith("counts"):
        return "counts"
    raise Sorry(f"{file}: its name begins with neither `events` nor `counts`", 2)


def _chunks(file: Path) -> Iterator[Chunk]:
    """A file's lines, never cut within a second: the same line may stand there several times."""
    chunk, size, second = Chunk(1, []), 0, ""
    for number, line in _lines(file):
        if size >= _MOST_BYTES and line[:_SECOND] != second:
            yield chunk
            chunk, size = Chunk(number, []), 0
        chunk.lines.append(line)
        size += len(line.encode()) + 3
        second = line[:_SECOND]
    if chunk.lines:
        yield chunk


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        with file.open(encoding="utf-8", errors="replace", newline="\n") as opened:
            for number, line in enumerate(opened, 1):
                # a line that is cut is not read either, but it is told
                yield number, line.rstrip("\r\n")[:_LONGEST]
    except OSError as e:
        raise Sorry(f"{file}: {e.strerror}") from e
