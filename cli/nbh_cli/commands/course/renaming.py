"""`nbh course rename`."""

from typing import Annotated

from cyclopts import Parameter

from nbh_cli.commands.course import asking
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile, CourseName
from nbh_cli.sorry import Sorry
from nbh_proto import RenameCourse
from nbh_proto.names import BadName, checked_id


def rename(
    old: CourseName,
    new: Annotated[str, Parameter(help="What it is called from now on.")],
    /,
    *,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Give course OLD the name NEW, with its students' files; no lab may run in it.

    Links and webhooks to OLD find nothing then. Statistics keep OLD for what happened before.
    """
    try:
        command = RenameCourse(course=checked_id("course", old), to=checked_id("course", new))
    except BadName as e:
        raise Sorry(str(e), 2) from e
    return asking.carry_out(command, config)
