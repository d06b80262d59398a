"""Dead letters: what nobody could decode or handle, kept with its reason to be replayed."""

from typing import ClassVar

from nbh_proto._message import Message


class DeadLetter(Message, frozen=True, kw_only=True):
    """A message was given up. Told by the service that gave it up."""

    subject: ClassVar[str] = "nbh.dead.{service}"

    service: str
    was: str
    """The subject it came on."""

    sequence: int
    """Its place in its stream."""

    reason: str
    data: bytes
    """The message as it was, in base64 in JSON."""
