"""`nbh course pull`."""

from nbh_cli.commands.course import asking
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_proto import PullCourse


def pull(name: str, /, *, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Fetch a course now and publish what is new."""
    with asking.checked(name):
        command = PullCourse(course=name)
    return asking.carry_out(command, config)
