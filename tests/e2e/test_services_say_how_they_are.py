"""Each service of a system that runs says whether it lives and what it misses (R-20)."""

import httpx2 as httpx
import psutil
import pytest

from nbh_kit.testing import eventually
from tests.system import running_system

NEEDS = {
    "router": {"nats", "courses", "labs", "traefik"},
    "provisioner": {"nats", "labs"},
    "courses": {"nats"},
    "reaper": {"nats", "courses"},
    "stats": {"nats", "clickhouse"},
}


@pytest.fixture
async def system(tmp_path):
    async with running_system(tmp_path, engine="memory") as running:
        yield running


async def said(system, service, path="/readyz"):
    port = system.config.health_port(service)
    async with httpx.AsyncClient(trust_env=False, timeout=5) as probe:
        answer = await probe.get(f"http://127.0.0.1:{port}{path}")
    return answer.status_code, answer.json()


async def are_ready(system):
    return [await said(system, service) for service in NEEDS] == [
        (200, dict.fromkeys(needs, True)) for needs in NEEDS.values()
    ]


async def test_all_are_ready_and_say_so_again_after_nats_was_away(system):
    await eventually(lambda: are_ready(system), within=30)
    nats = psutil.Process(system.pid("nats"))
    nats.suspend()
    try:
        for service in NEEDS:
            await eventually(lambda: misses(system, service, "nats"), within=45)  # noqa: B023  # called at once
            assert (await said(system, service, "/livez"))[0] == 200
    finally:
        nats.resume()
    await eventually(lambda: are_ready(system), within=30)


async def misses(system, service, need):
    status, there = await said(system, service)
    return status == 503 and not there[need]
