"""Two students never get one lab, however many come at once (S-56)."""

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from nbh_kit.testing import nats_server
from nbh_proto import AccessReady
from nbh_provisioner.engine import Refused
from nbh_provisioner.engines.memory import MemoryEngine
from tests.provisioner import pooling, world

SLOTS, STUDENTS = 50, 1000


@pytest.fixture
def folder():
    """A folder that syncs at once: this is about order, not about disks."""
    fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="nbh-claims-", dir=fast) as name:
        yield Path(name)


@pytest.fixture
def data(folder):
    (folder / "data").mkdir(mode=0o755)
    return folder / "data"


@pytest.fixture
async def nats_url(folder):
    async with nats_server(folder / "nats") as url:
        yield url


class OfThePoolOnly(MemoryEngine):
    """Starts nothing for students: who gets no lab of the pool gets none."""

    async def start(self, spec):
        if not spec.spare:
            raise Refused("this machine is full")
        return await super().start(spec)


@pytest.mark.usefixtures("course")
async def test_a_thousand_claims_of_fifty_labs_have_fifty_owners(data, nats_url, router):
    # no queue: each step in it is told to all who wait
    site = pooling.with_pool(data, nats_url, SLOTS, provisioner={"starts_at_once": STUDENTS})
    async with world.running(site, OfThePoolOnly(boots_in=0.001)):
        slots = {lab.capability for lab in await pooling.pooled(router, SLOTS)}
        students = [f"s{n}" for n in range(STUDENTS)]
        answers = await asyncio.gather(*(router.open(student=s, within=120) for s in students))
        got = {
            student: answer.capability
            for student, answer in zip(students, answers, strict=True)
            if isinstance(answer, AccessReady)
        }
        assert len(set(got.values())) == len(got)
        assert slots <= set(got.values())
        for student in got:
            (data / "students" / student / "python" / "whose.txt").write_text(student)
            lab = await router.lab(student)
            assert lab.capability == got[student]
            assert (await pooling.ask(lab, "files/whose.txt")).text == student
