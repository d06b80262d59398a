"""`nbh events`: what happened, from the stream of events, and what happens now."""

import asyncio
from typing import Annotated, Any

from cyclopts import Parameter

from nbh_cli import history, operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_proto.names import BadName, checked_id, token

_SHOWN_APART = ("id", "at", "v", "course", "student", "answer_to")


def events(
    *,
    follow: Annotated[bool, Parameter(negative="", help="Then each new one.")] = False,
    last: Annotated[int, Parameter(help="How many of those that were; 0 for none.")] = 20,
    course: Annotated[str, Parameter(help="Only those of one course.")] = "",
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """The latest events, oldest first; with --follow then each new one, until Ctrl-C.

    They are kept for 30 days. `nbh stats events` looks further back.
    """
    try:
        of_course = f"nbh.event.*.*.{token(checked_id('course', course))}" if course else ""
    except BadName as e:
        raise Sorry(f"{course!r} is {e}", 2) from e

    pattern = of_course or "nbh.event.>"

    async def show() -> None:
        async with operating.bus(operating.load(config)) as bus:
            told = False
            async for subject, event in history.events(bus, pattern, last=last, follow=follow):
                told = True
                if json:
                    output.print_json({"subject": subject, **event})
                else:
                    print(_line(subject, event), flush=True)
            if last > 0 and not (told or json):
                print("No event is kept yet." if not course else f"No event of {course} is kept.")

    asyncio.run(show())


def _line(subject: str, event: dict[str, Any]) -> str:
    kind = ".".join(subject.split(".")[2:4])
    who = f"{event.get('course', '')} {event.get('student', '')}".strip()
    rest = {k: v for k, v in event.items() if k not in _SHOWN_APART}
    return f"{str(event.get('at', ''))[:19]}  {kind:<20} {who:<32} {output.text(rest)}".rstrip()
