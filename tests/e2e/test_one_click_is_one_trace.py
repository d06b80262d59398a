"""A collector of OpenTelemetry gets one trace of one click, from all who worked for it (E-3)."""

from contextlib import asynccontextmanager

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from nbh_kit import http
from nbh_kit.testing import eventually, free_port
from tests.e2e.student import Student
from tests.system import running_system


class Collector:
    """Takes OTLP over HTTP with JSON."""

    def __init__(self):
        self.port = free_port()
        self.spans = []
        """(service, span), as they came."""

    async def take(self, request):
        assert request.headers["content-type"] == "application/json"
        for of in msgspec.json.decode(await request.body())["resourceSpans"]:
            (name,) = [a["value"]["stringValue"] for a in of["resource"]["attributes"]]
            self.spans += [(name, span) for s in of["scopeSpans"] for span in s["spans"]]
        return JSONResponse({"partialSuccess": {}})

    @asynccontextmanager
    async def collecting(self):
        app = Starlette(routes=[Route("/v1/traces", self.take, methods=["POST"])])
        async with http.serving(app, "127.0.0.1", self.port):
            yield

    def of(self, click):
        """The (service, span) of one click."""
        return [(who, span) for who, span in self.spans if span["traceId"] == click]


@pytest.fixture
def collector():
    return Collector()


@pytest.fixture
async def system(tmp_path, collector):
    traced = {"site": {"traces": f"http://127.0.0.1:{collector.port}"}}
    async with running_system(tmp_path, engine="memory", settings=traced) as running:
        yield running


WHO_DOES_WHAT = {
    ("nbhosting-router", "click"),
    ("nbhosting-router", "store the click"),
    ("nbhosting-provisioner", "serve the access"),
    ("nbhosting-provisioner", "prepare the files"),
    ("nbhosting-provisioner", "have a lab"),
    ("nbhosting-provisioner", "start the container"),
    ("nbhosting-provisioner", "wait for Jupyter"),
}


async def test_one_click_is_one_trace(system, collector):
    await system.new_course("lesson")
    student = Student(system.link("lesson", "w1/first", "ada"))
    await student.open()  # nobody collects yet, and nobody waits for that
    await system.nbh("lab", "stop", "lesson", "ada")
    async with collector.collecting():
        await student.open()
        await student.close()
        _, opened = await system.events("access.opened", student="ada")
        click = opened["access"]

        def is_whole():
            return {(who, span["name"]) for who, span in collector.of(click)} == WHO_DOES_WHAT

        await eventually(is_whole)
    spans = [span for _, span in collector.of(click)]
    assert len({span["spanId"] for span in spans}) == len(spans) == len(WHO_DOES_WHAT)
    (root,) = [span for span in spans if "parentSpanId" not in span]
    assert root["name"] == "click"
    assert {span["parentSpanId"] for span in spans if span is not root} == {root["spanId"]}
    for span in spans:
        began, ended = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        assert int(root["startTimeUnixNano"]) <= began <= ended
