"""`nbh course delete`."""

import sys
from typing import Annotated

from cyclopts import Parameter

from nbh_cli.commands.course import asking
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile, CourseName
from nbh_cli.sorry import Sorry
from nbh_proto import DeleteCourse


def delete(
    name: CourseName,
    /,
    *,
    with_students: Annotated[
        bool, Parameter(negative="", help="Remove the files of its students too, for good.")
    ] = False,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Forget a course; its students' files stay, unless told. No lab may run in it."""
    with asking.checked(name):
        command = DeleteCourse(course=name, with_students=with_students)
    if not yes:
        _confirm(name, with_students=with_students)
    return asking.carry_out(command, config)


def _confirm(name: str, *, with_students: bool) -> None:
    """Ask who types; what removes students' work takes more than a key.

    Raises:
        Sorry: they do not mean it, or nobody is there to ask.
    """
    if not sys.stdin.isatty():
        raise Sorry("nobody is there to ask: say --yes", 2)
    if with_students:
        wanted, question = name, f"All that students wrote in {name} goes. Type its name: "
    else:
        wanted, question = "y", f"Delete {name}? Its students' files stay. [y/N] "
    if input(question).strip() != wanted:
        raise Sorry("nothing was deleted")
