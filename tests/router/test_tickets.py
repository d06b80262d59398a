"""Tickets: only ours are read, only as they were written, only in their time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_kit.links import Place
from nbh_router.ticket import BadTicket, Ticket, Tickets

KEY = b"k" * 32
TICKET = Ticket(
    access="a" * 32,
    place=Place(course="py", notebook="w1/né", student="ada"),
    action="open",
    platform="moodle",
    asked=1000.0,
    until=2000.0,
)


def test_another_router_with_the_same_key_reads_a_ticket():
    assert Tickets(KEY).read(Tickets(KEY).write(TICKET), 1500.0) == TICKET


def test_a_ticket_ends():
    with pytest.raises(BadTicket):
        Tickets(KEY).read(Tickets(KEY).write(TICKET), 2000.0)


def test_another_key_is_not_ours():
    with pytest.raises(BadTicket):
        Tickets(KEY).read(Tickets(b"x" * 32).write(TICKET), 1500.0)


def test_every_changed_character_is_noticed():
    text = Tickets(KEY).write(TICKET)
    for at in range(len(text)):
        for other in ("A", "_", ".", "=", "é"):
            changed = text[:at] + other + text[at + 1 :]
            if changed == text:
                continue
            try:
                # the last character of unpadded base64 has bits that mean nothing
                assert Tickets(KEY).read(changed, 1500.0) == TICKET
                assert at in (text.index(".") - 1, len(text) - 1)
            except BadTicket:
                pass


@given(st.text(max_size=300))
def test_junk_is_no_ticket(junk):
    with pytest.raises(BadTicket):
        Tickets(KEY).read(junk, 1500.0)


def test_a_ticket_stands_in_a_url_as_it_is():
    text = Tickets(KEY).write(TICKET)
    assert all(c.isascii() and (c.isalnum() or c in "-_.") for c in text)
