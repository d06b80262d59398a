"""A ticket: an admitted access, signed by the router, so that any router can go on with it.

It stands in the address of a progress page and of its events. A router that was killed and started
again knows from it all that it must ask for once more. It opens no lab by itself. Pure.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Literal

import msgspec

from nbh_kit.links import Place
from nbh_proto import AccessRequested
from nbh_proto.access import Action

SECONDS = 3600.0
"""How long an admission may be followed or tried again; longer than any access can last (R-12)."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What was admitted, and when."""

    purpose: Literal["follow", "confirm", "stop", "rescue"] = "follow"
    access: str
    place: Place
    page: str = ""
    """Another page of Jupyter than a notebook, path and query (S15)."""

    action: Action
    platform: str
    asked: float
    """Unix seconds: when it was first asked for."""

    until: float
    """Unix seconds: the end of the ticket."""

    def request(self, answer_to: str) -> AccessRequested:
        """The event that asks for it; it says when the student did, however often it is said."""
        return AccessRequested(
            at=datetime.fromtimestamp(self.asked, UTC),
            access=self.access,
            course=self.place.course,
            student=self.place.student,
            notebook=self.place.notebook,
            page=self.page.partition("?")[0],
            workspace=self.place.workspace,
            action=self.action,
            platform=self.platform,
            answer_to=answer_to,
        )


class BadTicket(ValueError):
    """Not a ticket of ours, or its time is over."""


class Tickets:
    """Writes and reads tickets with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._decoder = msgspec.json.Decoder(Ticket)

    def write(self, ticket: Ticket) -> str:
        """One segment of a URL."""
        body = msgspec.json.encode(ticket)
        return f"{_text(body)}.{_text(self._signature(body))}"

    def read(self, text: str, now: float) -> Ticket:
        """The ticket that `write` wrote.

        Raises:
            BadTicket: it did not, or the ticket's time is over.
        """
        try:
            body, signature = map(_bytes, text.split("."))
            if not hmac.compare_digest(signature, self._signature(body)):
                raise BadTicket("not ours")
            ticket = self._decoder.decode(body)
        except (binascii.Error, ValueError) as e:
            raise BadTicket("not ours") from e
        if now >= ticket.until:
            raise BadTicket("over")
        return ticket

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, b"nbh-ticket-1\n" + body, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    data = text.encode("ascii")
    return base64.b64decode(data + b"=" * (-len(data) % 4), altchars=b"-_", validate=True)
