"""Whose a lab is, and for how long after its end that is known."""

from datetime import UTC, datetime

import msgspec

from nbh_kit.buckets import Gone, Held, Put, Snapshot
from nbh_proto import Lab, names
from nbh_router.lately import LATELY, Lately
from nbh_router.owners import Owner

ADA = Owner("py", "ada", "n1")


def lab(capability, student="ada", **more):
    given = {"node": "n1", "course": "py", "state": "ready", "generation": 1, "token": "t" * 32}
    since = datetime(2026, 1, 1, tzinfo=UTC)
    return Lab(capability=capability, student=student, since=since, **given | more)


def put(lab):
    return Put(lab.key, Held(lab, 1))


def test_a_lab_is_its_students_and_for_a_while_after_its_end():
    owners, capability = Lately(), names.new_capability()
    owners.heed(put(lab(capability)), 0)
    assert owners.of(capability, 10 * LATELY) == ADA
    owners.heed(Gone("py.ada"), 100)
    assert owners.of(capability, 100 + LATELY - 1) == ADA
    assert owners.of(capability, 100 + LATELY) is None


def test_a_new_lab_of_the_same_student_ends_the_one_before():
    owners, first, second = Lately(), names.new_capability(), names.new_capability()
    owners.heed(put(lab(first)), 0)
    owners.heed(put(lab(second)), 5)
    assert owners.of(first, 6) == owners.of(second, 6) == ADA
    assert owners.of(first, 5 + LATELY) is None
    assert owners.of(second, 5 + LATELY) == ADA


def test_who_is_missing_from_all_there_is_has_ended():
    owners, capability = Lately(), names.new_capability()
    there = lab(capability)
    owners.heed(Snapshot({there.key: Held(there, 1)}), 0)
    assert owners.of(capability, 1) == ADA
    owners.heed(Snapshot({}), 7)
    assert owners.of(capability, 8) == ADA
    assert owners.of(capability, 7 + LATELY) is None


def test_a_lab_of_the_pool_is_nobodys_until_it_is_claimed():
    owners, capability = Lately(), names.new_capability()
    pooled = lab(capability, student="", state="pooled")
    owners.heed(put(pooled), 0)
    assert owners.of(capability, 0) is None
    owners.heed(put(msgspec.structs.replace(pooled, student="ada", state="ready")), 1)
    owners.heed(Gone(pooled.key), 2)
    assert owners.of(capability, 10 * LATELY) == ADA
