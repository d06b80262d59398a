"""`nbh course create`."""

from typing import Annotated

from cyclopts import Parameter

from nbh_cli.commands.course import asking
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_proto import CreateCourse


def create(
    name: Annotated[str, Parameter(help="What it is called here: letters, digits, '_.-'.")],
    giturl: Annotated[str, Parameter(help="What `git clone` takes.")],
    /,
    *,
    branch: Annotated[str, Parameter(help="Default: the repository's own.")] = "",
    image: Annotated[str, Parameter(help="Default: lab.image of the configuration.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Register a course under NAME and publish it, from the git repository at GITURL."""
    with asking.checked(name):
        command = CreateCourse(course=name, giturl=giturl, branch=branch, image=image)
    return asking.carry_out(command, config)
