"""What a service says of itself (R-20)."""

import asyncio
import time

import httpx2
import pytest

from nbh_kit import config as configs
from nbh_kit import health as healths
from nbh_kit import http
from nbh_kit.testing import free_ports


@pytest.fixture
def config():
    return configs.from_tree({"health": {"first_port": free_ports(6)}})


async def said(config, path):
    port = config.health_port("reaper")
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as probe:
        return await probe.get(f"http://127.0.0.1:{port}{path}")


async def test_what_is_needed_is_missing_until_it_is_there(config):
    async with healths.answering(config, "reaper", "nats", "courses") as health:
        assert (await said(config, "/readyz")).json() == {"nats": False, "courses": False}
        health.look("nats", lambda: True)
        answer = await said(config, "/readyz")
        assert (answer.status_code, answer.json()) == (503, {"nats": True, "courses": False})
        health.look("courses", lambda: True)
        answer = await said(config, "/readyz")
        assert (answer.status_code, answer.json()) == (200, {"nats": True, "courses": True})


async def test_what_nobody_needs_is_not_looked_at(config):
    async with healths.answering(config, "reaper", "nats") as health:
        with pytest.raises(ValueError, match="nobody needs 'gnats'"):
            health.look("gnats", lambda: True)


async def test_a_check_that_fails_or_never_ends_is_a_no(config):
    async def breaks():
        raise OSError("gone")

    async with healths.answering(config, "reaper", "podman", "disk") as health:
        health.ask("podman", breaks)
        health.ask("disk", asyncio.Event().wait)
        answer = await said(config, "/readyz")
    assert (answer.status_code, answer.json()) == (503, {"podman": False, "disk": False})


async def test_who_is_not_ready_lives(config):
    async with healths.answering(config, "reaper", "nats"):
        assert (await said(config, "/livez")).status_code == 200


async def test_who_is_too_late_is_not_said_to_live(config):
    async with healths.answering(config, "reaper"):
        asking = asyncio.create_task(said(config, "/livez"))
        deadline = time.monotonic() + 20
        while not asking.done() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            time.sleep(1.2)  # noqa: ASYNC251  # what a service must never do, and what is to be seen
        answer = await asking
    assert answer.status_code == 503
    assert answer.json()["lag"] > 1


async def test_nothing_else_is_there(config):
    async with healths.answering(config, "reaper"):
        assert (await said(config, "/")).status_code == 404
        assert (await said(config, "/metrics/../readyz/x")).status_code == 404


async def test_where_no_port_is_given_nobody_listens(config):
    nowhere = configs.from_tree({"health": {"first_port": 0}})
    async with healths.answering(nowhere, "reaper", "nats") as health:
        health.look("nats", lambda: True)
        assert nowhere.health_port("reaper") == 0


def test_each_service_has_a_port_of_its_own():
    services = ("router", "provisioner", "courses", "builder", "reaper", "stats")
    assert [configs.Config().health_port(s) for s in services] == list(range(8090, 8096))


async def test_podman_is_asked_at_its_socket(tmp_path):
    async def app(scope, receive, send):
        assert scope["path"] == "/_ping"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"OK"})

    with pytest.raises(OSError, match="No such file"):
        await healths.podman_answers(tmp_path / "podman.sock")
    async with http.serving(app, "127.0.0.1", 0):
        pass
