"""`nbh stats student` and `erase` (S-55)."""

import sys
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import operating
from nbh_cli.commands.course import asking as commanding
from nbh_cli.commands.stats import asking
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_proto.names import BadName
from nbh_proto.stats import EraseStudent

Name = Annotated[str, Parameter(help="The student's id.")]


def student(name: Name, /, *, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Every event that is stored of a student, one JSON object a line, oldest first."""
    path = ("students", name, "events")
    sys.stdout.buffer.write(asking.content(operating.load(config), path, "jsonl", {}))


def erase(
    name: Name,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Without this nothing is removed.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Remove all that the statistics know of a student; what they do from now on counts again.

    Their files are another matter, and NATS keeps events for 30 days; they do not come back here.
    """
    if not yes:
        raise Sorry(f"this cannot be undone; to erase {name} say --yes", 2)
    try:
        command = EraseStudent(student=name)
    except BadName as e:
        raise Sorry(f"{name!r} is {e}", 2) from e
    return commanding.carry_out(command, config, by="stats")
