"""The table of routes: what is told, what is merely missing (R-1, R-11, R-13)."""

import secrets
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_kit.buckets import Gone, Held, Put, Snapshot
from nbh_proto import Lab, names
from nbh_router import pooled, table
from nbh_router.table import GRACE_SECONDS, Table


def lab(student="ada", **more):
    values = {
        "node": "n1",
        "course": "py",
        "state": "ready",
        "generation": 1,
        "capability": names.new_capability(),
        "token": secrets.token_urlsafe(32),
        "address": "10.88.0.2:8888",
        "since": datetime.now(UTC),
    } | more
    return Lab(student=student, **values)


def snapshot(*labs):
    return Snapshot({lab_.key: Held(lab_, 1) for lab_ in labs})


def put(lab_):
    return Put(lab_.key, Held(lab_, 1))


def capabilities(table_, now=0.0):
    return set(table.routes(table_, now))


@pytest.mark.parametrize(
    ("state", "has_one"),
    [
        ("pooled", True),
        ("starting", True),
        ("ready", True),
        ("frozen", True),
        ("stopping", False),
        ("failed", False),
    ],
)
def test_a_lab_has_a_route_before_it_is_ready_and_until_it_stops(state, has_one):
    assert (table.route(lab(state=state)) is not None) is has_one


@pytest.mark.parametrize(
    "odd",
    [
        {"address": ""},
        {"address": "lab:8888"},
        {"address": "10.88.0.2"},
        {"address": "10.88.0.2:0"},
        {"address": "10.88.0.2:65536"},
        {"address": "10.88.0.2:8888/x"},
        {"address": "10.88.0.2:٣"},
        {"address": "{{ env `HOME` }}:1"},
        {"capability": "12"},
        {"capability": "`) || PathPrefix(`/"},
        {"capability": "0" * 40},
        {"token": ""},
        {"token": "{{ 1 }} aaaaaaaaaaaaaaaaaaaa"},
        {"token": "a\r\nX-Evil: 1 aaaaaaaaaaaaaaaa"},
    ],
    ids=lambda odd: repr(odd)[:50],
)
def test_what_cannot_stand_in_a_route_has_none(odd):
    assert table.route(lab(**odd)) is None


def test_an_address_may_be_of_either_family():
    assert table.route(lab(address="[fd00::2]:8888")) is not None


def test_a_lab_that_is_gone_has_its_route_removed_at_once():
    ada, eve = lab("ada"), lab("eve", address="10.88.0.3:8888")
    known = table.after(Table(), snapshot(ada, eve), 0.0)
    assert capabilities(known) == {ada.capability, eve.capability}
    assert capabilities(table.after(known, Gone(ada.key), 1.0)) == {eve.capability}
    stopping = put(lab("eve", state="stopping", capability=eve.capability))
    assert capabilities(table.after(known, stopping, 1.0)) == {ada.capability}


def test_a_lab_of_the_pool_keeps_its_very_route_when_it_becomes_a_students():
    nobodys = lab("", state="pooled")
    ada = msgspec.structs.replace(nobodys, student="ada", state="starting")
    known = table.after(Table(), put(nobodys), 0.0)
    routes = [table.routes(known, 0.0)]
    for change in (put(ada), put(msgspec.structs.replace(ada, state="ready")), Gone(nobodys.key)):
        known = table.after(known, change, 0.0)
        routes.append(table.routes(known, 0.0))
    assert routes == [routes[0]] * 4
    assert capabilities(known) == {ada.capability}


def test_which_courses_have_a_pool_is_known_of_its_keys_alone():
    one, two = lab("", state="pooled"), lab("", state="pooled", course="a.b")
    known = pooled.after(pooled.Keys(), snapshot(one, two, lab("pool", course="c")))
    assert [pooled.has(known, course) for course in ("py", "a.b", "c")] == [True, True, False]
    known = pooled.after(known, Gone(one.key))
    assert [pooled.has(known, course) for course in ("py", "a.b")] == [False, True]
    assert pooled.has(pooled.after(known, put(one)), "py")


def test_a_lab_that_is_started_again_has_the_new_route_only():
    old, new = lab(), lab(address="10.88.0.9:8888")
    for change in (put(new), snapshot(new)):
        known = table.after(table.after(Table(), put(old), 0.0), change, 1.0)
        assert capabilities(known) == {new.capability}


def test_a_lab_that_a_snapshot_lacks_keeps_its_route_for_a_while():
    ada = lab()
    lost = table.after(table.after(Table(), put(ada), 0.0), snapshot(), 100.0)
    assert capabilities(lost, 100.0 + GRACE_SECONDS - 1) == {ada.capability}
    assert capabilities(lost, 100.0 + GRACE_SECONDS) == set()
    assert table.next_end(lost, 100.0) == GRACE_SECONDS


def test_a_lab_that_a_snapshot_says_is_stopping_has_no_grace():
    ada = lab()
    known = table.after(Table(), put(ada), 0.0)
    stopping = lab(state="stopping", capability=ada.capability)
    assert capabilities(table.after(known, snapshot(stopping), 1.0), 1.0) == set()


def test_the_grace_is_not_prolonged_by_more_snapshots():
    ada = lab()
    lost = table.after(table.after(Table(), put(ada), 0.0), snapshot(), 100.0)
    again = table.after(lost, snapshot(), 400.0)
    assert capabilities(again, 100.0 + GRACE_SECONDS) == set()


def test_an_adopted_lab_is_known_again_and_then_obeys():
    ada = lab()
    lost = table.after(table.after(Table(), put(ada), 0.0), snapshot(), 100.0)
    adopted = table.after(lost, put(ada), 101.0)
    assert capabilities(adopted, 9e9) == {ada.capability}
    assert capabilities(table.after(adopted, Gone(ada.key), 102.0), 102.0) == set()


def test_a_missing_lab_yields_to_one_at_its_address():
    ada, eve = lab("ada"), lab("eve")
    lost = table.after(table.after(Table(), put(ada), 0.0), snapshot(eve), 1.0)
    assert capabilities(lost, 2.0) == {eve.capability}


def test_a_router_remembers_what_its_forerunner_wrote():
    ada = lab()
    written = table.routes(table.after(Table(), put(ada), 0.0), 0.0)
    again = table.remembered(written, 50.0)
    assert capabilities(again, 51.0) == {ada.capability}
    assert capabilities(table.after(again, snapshot(), 52.0), 52.0) == {ada.capability}
    assert capabilities(table.after(again, snapshot(), 52.0), 50.0 + GRACE_SECONDS) == set()


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "gone", "snapshot", "lost"]),
        st.integers(0, 3),
        st.floats(0, 400),
    ),
    max_size=12,
)


@given(_STEPS)
def test_no_live_lab_ever_lacks_its_route_and_no_address_has_two(steps):
    current, now, there = Table(), 0.0, {}
    for kind, student, later in steps:
        now += later
        fresh = lab(f"s{student}", address=f"10.88.0.{student + 2}:8888")
        match kind:
            case "put":
                there[fresh.key] = fresh
                current = table.after(current, put(fresh), now)
            case "gone":
                there.pop(fresh.key, None)
                current = table.after(current, Gone(fresh.key), now)
            case "snapshot":
                current = table.after(current, snapshot(*there.values()), now)
            case "lost":
                # JetStream lost everything; the provisioner writes it again at once
                current = table.after(current, snapshot(), now)
                assert {v.capability for v in there.values()} <= capabilities(current, now)
                for value in there.values():
                    current = table.after(current, put(value), now)
        routes = table.routes(current, now)
        assert {v.capability for v in there.values()} <= set(routes)
        assert len({r.address for r in routes.values()}) == len(routes)
