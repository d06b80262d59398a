"""Requests are counted by who answers them, never by what is asked for (E-2)."""

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from nbh_kit import exposition, http
from nbh_kit.metrics import Metrics


async def hello(_):
    return PlainTextResponse("hello")


async def breaks(_):
    raise ValueError("broken")


@pytest.fixture
async def served():
    """Who asks such an application, and its numbers."""
    app = Starlette(routes=[Route("/people/{name}", hello), Route("/breaks", breaks)])
    metrics = Metrics()
    async with http.serving(app, "127.0.0.1", 0, metrics) as serving:
        base = f"http://127.0.0.1:{serving.port}"
        async with httpx2.AsyncClient(trust_env=False, base_url=base) as client:
            yield client, metrics


async def counted(metrics):
    """By method, handler and status."""
    text = (await exposition.text(metrics)).decode()
    name = "jupyterhub_request_duration_seconds_count"
    lines = [line for line in text.splitlines() if line.startswith(name)]
    return {line.partition("{")[2].rpartition("}")[0]: line.split()[-1] for line in lines}


async def test_many_names_are_one_handler(served):
    client, metrics = served
    for number in range(20):
        assert (await client.get(f"/people/{number}")).text == "hello"
    assert await counted(metrics) == {'method="GET",handler="/people/{name}",code="200"': "20"}


async def test_what_nobody_answers_and_what_breaks_is_counted(served):
    client, metrics = served
    await client.get("/absent")
    await client.post("/people/ada")
    await client.get("/breaks")
    await client.request("PROPFIND", "/coffee")
    assert await counted(metrics) == {
        'method="GET",handler="nobody",code="404"': "1",
        'method="POST",handler="/people/{name}",code="405"': "1",
        'method="GET",handler="/breaks",code="500"': "1",
        'method="other",handler="nobody",code="404"': "1",
    }
