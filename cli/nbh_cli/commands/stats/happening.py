"""`nbh stats events`."""

import asyncio
from typing import Annotated

import msgspec
from cyclopts import Parameter

from nbh_cli import operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.config import Config
from nbh_proto.stats import EventsFound, FindEvents, StoredEvent

_COLUMNS = ("at", "kind", "course", "student", "notebook", "detail")
_WITHIN = 30.0


def events(
    *,
    course: Annotated[str, Parameter(help="Only those of one course.")] = "",
    student: Annotated[str, Parameter(help="Only those of one student.")] = "",
    kind: Annotated[str, Parameter(help="For example access.opened.")] = "",
    last: Annotated[int, Parameter(help="How many.")] = 100,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """The latest events that are stored, newest first."""
    question = FindEvents(only_course=course, only_student=student, kind=kind, limit=last)
    found = asyncio.run(_ask(operating.load(config), question))
    rows = [msgspec.structs.asdict(event) for event in found]
    output.show(rows, _COLUMNS, as_json=json, none="No such event is stored.")


async def _ask(config: Config, question: FindEvents) -> tuple[StoredEvent, ...]:
    async with operating.bus(config) as bus:
        found = await bus.ask(question, EventsFound, within=_WITHIN)
    if found.error:
        raise Sorry(f"the statistics cannot be read: {found.error}")
    return found.events
