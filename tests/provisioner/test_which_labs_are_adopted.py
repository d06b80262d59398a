"""What a fresh process plans about the labs of the one before it (R-1, R-17)."""

from datetime import UTC, datetime

import msgspec
import pytest

from nbh_kit.buckets import Held
from nbh_proto import Lab, names
from nbh_provisioner.adoption import plan
from nbh_provisioner.engine import Found, Running
from nbh_provisioner.lab_folders import Claim

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CAPABILITY = names.new_capability()


def lab(**fields):
    given = {
        "node": "node1",
        "course": "python",
        "student": "ada",
        "state": "ready",
        "generation": 7,
        "capability": CAPABILITY,
        "token": "t",
        "address": "10.0.0.2:8888",
        "container": "box",
        "image": "i",
        "commit": "c1",
        "since": NOW,
        **fields,
    }
    return Lab(**given)


def found(value=None, *, runs=True, **labels):
    value = value or lab()
    given = {
        "nbh.site": "nbh",
        "nbh.course": value.course,
        "nbh.student": value.student,
        "nbh.generation": str(value.generation),
        "nbh.capability": value.capability,
        "nbh.image": value.image,
        "nbh.commit": value.commit,
        **labels,
    }
    running = Running(name="n", container="box", address="10.0.0.2:8888", process=1)
    return Found(name="n", container="box", labels=given, running=running if runs else None)


def planned(containers, leases=(), tokens=None, claims=None):
    held = [Held(value, 9) for value in leases]
    tokens = {CAPABILITY: "t"} if tokens is None else tokens
    return plan("node1", containers, held, tokens, claims or {}, NOW)


def pooled(**fields):
    return lab(**{"student": "", "state": "pooled", "generation": 0, **fields})


LEASED = lab(state="starting")
CLAIM = {CAPABILITY: Claim("ada", 7)}


@pytest.mark.parametrize(
    ("leases", "claims", "outcome"),
    [
        pytest.param([pooled()], {}, "pool", id="nobody came"),
        pytest.param([], {}, "pool", id="its entry was not written so far"),
        pytest.param([pooled(), LEASED], {}, "pool", id="leased, and not yet written whose it is"),
        pytest.param([pooled(), LEASED], CLAIM, "adopt", id="written whose it is"),
        pytest.param([LEASED], CLAIM, "adopt", id="its entry as nobody's is gone"),
        pytest.param([lab()], CLAIM, "adopt", id="ready"),
        pytest.param([], CLAIM, "adopt", id="the bucket was lost"),
        pytest.param([pooled()], CLAIM, "adopt", id="the bucket was lost but for the pool"),
        pytest.param([lab(state="failed")], CLAIM, "remove", id="the claim has failed"),
        pytest.param(
            [lab(capability=names.new_capability())], CLAIM, "remove", id="another lab followed"
        ),
    ],
)
def test_a_lab_of_the_pool_is_nobodys_or_its_students_wherever_a_claim_ended(
    leases, claims, outcome
):
    made = planned([found(pooled())], leases, claims=claims)
    assert (len(made.pool), len(made.adopt), len(made.remove)) == {
        "pool": (1, 0, 0),
        "adopt": (0, 1, 0),
        "remove": (0, 0, 1),
    }[outcome]
    for adopted in made.adopt:
        assert (adopted.lab.student, adopted.lab.generation) == ("ada", 7)
        assert adopted.way == "pool"
    for slot in made.pool:
        assert (slot.lab.student, slot.lab.state, slot.lab.key) == ("", "pooled", pooled().key)
    # nobody was told of what ends without a word
    assert all(h.value.state == "pooled" or h.value == LEASED for h in made.drop)
    if outcome == "pool":
        assert made.release == []
        assert [h.value for h in made.drop] == [v for v in leases if v.state != "pooled"]
    if outcome == "adopt":
        assert [h.value for h in made.drop] == [v for v in leases if v.state == "pooled"]


def test_an_entry_of_the_pool_without_a_container_goes_without_a_word():
    made = planned([], [pooled()])
    assert ([h.value for h in made.drop], made.release) == ([pooled()], [])
    assert made.forget == [CAPABILITY]


def test_a_cold_labs_student_is_its_labels_whatever_lies_beside_it():
    (adopted,) = planned([found()], [lab()], claims={CAPABILITY: Claim("eve", 9)}).adopt
    assert (adopted.lab.student, adopted.lab.generation, adopted.way) == ("ada", 7, "cold")


def test_a_lab_that_runs_under_its_lease_is_adopted_as_it_stands():
    (adopted,) = planned([found()], [lab()]).adopt
    assert adopted.lab == lab()
    assert adopted.held.revision == 9


def test_a_lab_that_runs_is_adopted_though_the_bucket_lost_its_lease():
    (adopted,) = planned([found()]).adopt
    assert adopted.held is None
    assert adopted.lab == lab(state="starting")


def test_a_container_that_was_started_under_a_fresh_lease_is_taken_over():
    leased = lab(state="starting", generation=7, address="", container="")
    (adopted,) = planned([found()], [leased]).adopt
    assert (adopted.lab.state, adopted.lab.address) == ("starting", "10.0.0.2:8888")


@pytest.mark.parametrize(
    ("containers", "leases"),
    [
        pytest.param([found(runs=False)], [lab()], id="it ended"),
        pytest.param([found()], [lab(state="failed")], id="its start has failed"),
        pytest.param([found()], [lab(capability=names.new_capability())], id="an older lease"),
        pytest.param([found(**{"nbh.generation": "x"})], [], id="its labels are broken"),
        pytest.param([found(**{"nbh.student": "../x"})], [], id="no student is called so"),
        pytest.param([found(**{"nbh.capability": ""})], [], id="it has no capability"),
    ],
)
def test_a_container_that_is_no_lab_any_more_goes(containers, leases):
    made = planned(containers, leases)
    assert (made.adopt, made.remove) == ([], ["n"])
    assert [h.value for h in made.release] == leases


def test_a_lab_whose_token_is_lost_goes():
    made = planned([found()], [lab()], tokens={CAPABILITY: ""})
    assert (made.adopt, made.remove, made.forget) == ([], ["n"], [CAPABILITY])


def test_a_lease_without_a_container_is_released():
    made = planned([], [lab()])
    assert [h.value for h in made.release] == [lab()]
    assert made.forget == [CAPABILITY]


def test_another_nodes_lease_is_none_of_our_business():
    assert planned([], [lab(node="node2")]).release == []


def test_folders_of_labs_that_run_stay():
    stray = names.new_capability()
    made = planned([found()], [lab()], tokens={CAPABILITY: "t", stray: "s"})
    assert made.forget == [stray]


def test_which_revision_a_lab_mounts_is_known_better_by_the_container():
    (adopted,) = planned([found(**{"nbh.commit": "c2"})], [lab(commit="c1")]).adopt
    assert adopted.lab.commit == "c2"


def test_a_lab_of_an_older_release_has_no_revision():
    older = found()
    del older.labels["nbh.commit"]
    (adopted,) = planned([older]).adopt
    assert adopted.lab.commit == ""


def test_where_a_container_is_now_is_known_better_by_the_container():
    (adopted,) = planned([found()], [lab(address="10.0.0.9:8888", container="old")]).adopt
    assert (adopted.lab.address, adopted.lab.container) == ("10.0.0.2:8888", "box")
    assert adopted.lab != adopted.held.value
    assert msgspec.structs.replace(adopted.lab, address="", container="") == lab(
        address="", container=""
    )
