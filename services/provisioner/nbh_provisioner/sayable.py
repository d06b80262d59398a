"""What a program below said of a lab, fit to be told."""

from nbh_proto import Lab

_CHARACTERS = 4000


def sayable(lab: Lab, what: object) -> str:
    """The same for an event or the log: without the lab's secrets, and not too long."""
    said = str(what)[-_CHARACTERS:]
    return said.replace(lab.capability, "***").replace(lab.token, "***")
