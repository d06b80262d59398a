"""Real labs that nobody uses, in the whole system: frozen when due, sampled, planned, stopped."""

import json
from datetime import datetime

import httpx2
import pytest

from nbh_kit.testing import eventually
from tests.e2e.student import Student
from tests.system import running_system

pytestmark = pytest.mark.podman

FREEZE = 6.0
SETTINGS = {"reaper": {"freeze_after": FREEZE, "idle": 14.0, "period": 2.0}}


@pytest.fixture
async def system(tmp_path):
    async with running_system(tmp_path, settings=SETTINGS) as running:
        await running.new_course("lesson")
        yield running


async def opened(system, name):
    """A student who has opened a notebook; their kernel runs, their page is closed."""
    student = Student(system.link("lesson", "w1/first", name))
    await student.open()
    await student.close()
    lab = next(lab for lab in await system.labs() if lab.student == name)
    headers = {"Authorization": f"token {lab.token}"}
    url = f"http://{lab.address}/{lab.capability}/api/kernels"
    async with httpx2.AsyncClient(trust_env=False, headers=headers, timeout=30) as client:
        (await client.post(url, json={"name": "python3"})).raise_for_status()
    return lab


async def test_an_idle_lab_is_planned_sampled_frozen_in_time_and_stopped_with_a_warning(system):
    await opened(system, "ada")

    async def is_planned():
        line = (await system.nbh("reaper", "plan", "--json")).strip()
        return json.loads(line) if line else None

    plan = await eventually(is_planned, within=30)
    assert (plan["student"], plan["verdict"]) == ("ada", "keep")

    [frozen] = await eventually(lambda: system.events("lab.frozen", student="ada"), within=60)
    idle = datetime.fromisoformat(frozen["at"]) - datetime.fromisoformat(frozen["idle_since"])
    assert FREEZE <= idle.total_seconds() <= FREEZE + 5

    [stopped] = await eventually(lambda: system.events("lab.stopped", student="ada"), within=90)
    assert stopped["reason"] == "idle"
    announced = await system.events("lab.stop-announced", student="ada")
    assert [said["last"] for said in announced] == [False, True]
    assert stopped["at"] >= announced[0]["stops_at"]

    samples = await system.events("lab.sampled", student="ada")
    assert any(s["memory"] and s["kernels"] == 1 and s["state"] == "frozen" for s in samples)
    nodes = await system.events("node.sampled")
    assert any(n["total"]["frozen"] == 1 and n["courses"]["lesson"]["students"] for n in nodes)
