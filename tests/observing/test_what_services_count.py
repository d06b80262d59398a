"""What each service counts of what it tells; the rest is seen on a system that runs (E-2)."""

import pytest

from nbh_builder.counting import Counting as Builds
from nbh_courses.counting import Counting as Courses
from nbh_courses.shelf import Shelf
from nbh_kit.metrics import Metrics
from nbh_proto import (
    AccessFailed,
    BuildFinished,
    FreezeLab,
    LabFrozen,
    LabRanShort,
    LabThawed,
    SignInRefused,
    StopLab,
)
from nbh_provisioner.counting import Counting as Labs
from nbh_reaper.tally import Tally

LAB = {"node": "n", "course": "py", "student": "ada", "generation": 1}


@pytest.fixture
def metrics():
    return Metrics()


async def read(metrics):
    """What is not 0: {(name and suffix, labels): value}."""
    return {
        (f"{family.name}{s.suffix}", *s.labels.values()): s.value
        for family in await metrics.families()
        for s in family.samples()
        if s.value and "le" not in s.labels
    }


async def test_builds_by_how_they_ended(metrics):
    builds = Builds(metrics)
    build = {"course": "py", "node": "n", "commit": "c" * 40, "what": "image"}
    builds.hear(BuildFinished(outcome="failed", seconds=9, **build))
    assert await read(metrics) == {
        ("nbhosting_builds_total", "image", "failed"): 1,
        ("nbhosting_build_seconds_sum", "image"): 9,
        ("nbhosting_build_seconds_count", "image"): 1,
    }


async def test_what_the_reaper_decides(metrics):
    tally = Tally(metrics)
    tally.hear(FreezeLab(reason="idle", **LAB))
    tally.hear(StopLab(reason="age", **LAB))
    tally.hear(StopLab(reason="age", **LAB))
    assert await read(metrics) == {
        ("nbhosting_reaps_total", "freeze", "idle"): 1,
        ("nbhosting_reaps_total", "stop", "age"): 2,
    }


async def test_who_is_refused_when_signing_in(metrics, tmp_path):
    courses = Courses(metrics, Shelf(tmp_path))
    refused = SignInRefused(account="ada", address_hash="5f0c", reason="password")
    courses.hear(refused)
    assert await read(metrics) == {("nbhosting_sign_ins_total", "refused"): 1}


async def test_labs_that_freeze_thaw_and_run_short(metrics):
    labs = Labs(metrics)
    labs.hear(LabFrozen(reason="idle", seconds=0.1, **LAB))
    labs.hear(LabThawed(by="click", seconds=0.02, frozen_seconds=60, **LAB))
    labs.hear(LabRanShort(of="memory", limit=1, times=1, **LAB))
    assert await read(metrics) == {
        ("nbhosting_labs_frozen_total",): 1,
        ("nbhosting_lab_thaw_seconds_sum", "click"): 0.02,
        ("nbhosting_lab_thaw_seconds_count", "click"): 1,
        ("nbhosting_labs_ran_short_total", "memory"): 1,
    }


@pytest.mark.parametrize(
    ("reason", "is_of_labs"), [("lab-slow", True), ("notebook-unknown", False)]
)
async def test_an_access_that_fails_is_a_failed_start_only_for_want_of_a_lab(
    reason, is_of_labs, metrics
):
    failed = {"access": "a", "course": "py", "student": "ada", "notebook": "n"}
    Labs(metrics).hear(AccessFailed(reason=reason, seconds=45, **failed))
    found = await read(metrics)
    assert found["nbhosting_accesses_failed_total", reason] == 1
    spawned = ("jupyterhub_server_spawn_duration_seconds_count", "failure")
    assert (found.get(spawned) == 1) is is_of_labs
