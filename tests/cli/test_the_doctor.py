"""`nbh doctor` of a system that runs, of one that does not, and of one that is broken."""

import json
import socket

import psutil
import pytest

from nbh_kit.testing import eventually
from tests.system import Failed, running_system


@pytest.fixture
async def system(tmp_path):
    async with running_system(tmp_path, engine="memory") as running:
        yield running


async def examined(system):
    """All findings; the exit status agrees."""
    status, said = 0, ""
    try:
        said = await system.nbh("doctor", "--json")
    except Failed as e:
        first, _, said = str(e).partition("\n")
        status = int(first.rpartition(" ")[2])
    found = [json.loads(line) for line in said.splitlines()]
    assert status == int(any(finding["level"] == "error" for finding in found))
    return found


async def errors(system, check):
    return [
        finding
        for finding in await examined(system)
        if finding["check"] == check and finding["level"] == "error"
    ]


async def is_fine(system, check):
    return not await errors(system, check)


async def test_a_system_is_examined_as_it_is_and_when_parts_are_away(system):
    await eventually(lambda: is_fine(system, "services"), within=30)
    (open_,) = await errors(system, "secrets")  # the key of a platform stands in it
    assert str(system.config_file) in open_["says"]
    system.config_file.chmod(0o600)
    found = await examined(system)
    fine = {finding["check"] for finding in found if finding["level"] == "ok"}
    assert {"services", "nats", "nats-sync", "streams", "secrets", "ports", "courses"} <= fine
    for finding in found:
        assert finding["says"]
        assert finding["advice"] or finding["level"] in ("ok", "note")
    secret = system.config.site.data / "secrets" / "nats-router"
    secret.chmod(0o644)
    stats = psutil.Process(system.pid("stats"))
    stats.suspend()
    try:
        (told,) = await errors(system, "services")
        assert "stats does not answer" in told["says"]
        (told,) = await errors(system, "secrets")
        assert f"chmod go= {secret}" in told["advice"]
        secret.chmod(0o600)
    finally:
        stats.resume()
    await eventually(lambda: is_fine(system, "services"), within=30)
    with pytest.raises(Failed) as failed:
        await nats_away(system)
    assert "error: NATS is away" in str(failed.value)


async def nats_away(system):
    nats = psutil.Process(system.pid("nats"))
    nats.suspend()
    try:
        await system.nbh("doctor")
    finally:
        nats.resume()


async def test_what_keeps_a_system_from_starting_is_told(tmp_path):
    async with running_system(tmp_path, engine="memory") as running:
        pass
    assert "the system does not run" in (await errors(running, "services"))[0]["says"]
    assert await is_fine(running, "ports")
    with socket.create_server(("127.0.0.1", running.config.courses.port)):
        (taken,) = await errors(running, "ports")
    assert "courses.port" in taken["says"]
