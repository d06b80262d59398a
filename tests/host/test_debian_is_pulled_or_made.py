"""The base of the images: from a registry that answers, and otherwise not waited for."""

import asyncio
import http.server
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from nbh_cli.host import debian, machine, podman
from nbh_cli.host.failures import NoDebian
from nbh_cli.host.running import run


def test_a_made_debian_gets_its_updates_from_the_same_mirror():
    sources = debian.with_updates("deb http://mirror.example/debian bookworm main\n")
    assert sources.splitlines() == [
        "deb http://mirror.example/debian bookworm main",
        "deb http://mirror.example/debian bookworm-updates main",
        "deb http://mirror.example/debian-security bookworm-security main",
    ]


def test_who_can_neither_pull_nor_make_is_told_both_ways():
    assert "reach a registry, or run this as root with debootstrap" in str(
        NoDebian("debootstrap needs root")
    )


@pytest.mark.podman
async def test_another_debian_is_built_on_where_it_is_named(here, lab_images, monkeypatch):
    named = "localhost/nbhosting/base:latest"
    monkeypatch.setenv(debian.VARIABLE, named)
    assert await debian.image(here, print) == named


@contextmanager
def registry(tmp_path, handler):
    """A registry of our own; yields what podman has to know, and the name of an image there."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = f"127.0.0.1:{server.server_port}"
    conf = tmp_path / "registries.conf"
    conf.write_text(f'[[registry]]\nlocation = "{where}"\ninsecure = true\n')
    try:
        yield {"CONTAINERS_REGISTRIES_CONF": str(conf)}, f"{where}/{debian.PULLED}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def here(tmp_path):
    return podman.prepare(machine.look(), tmp_path / "podman")


def with_environment(here, environment):
    return replace(here, environment={**here.environment, **environment})


async def command(here, *arguments):
    return await run(
        here.command(*arguments),
        what=" ".join(arguments),
        say=print,
        environment=here.environment,
    )


@pytest.mark.podman
async def test_debian_is_pulled_from_a_registry_that_answers(here, tmp_path):
    content, source = tmp_path / "image", "localhost/nbh-test-registry"
    (tmp_path / "Containerfile").write_text("FROM scratch\nCOPY Containerfile /\n")
    await command(here, "build", "--tag", source, str(tmp_path))
    await command(here, "push", source, f"dir:{content}")

    class Registry(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rpartition("/")[2]
            manifest = "/manifests/" in self.path
            file = content / ("manifest.json" if manifest else name.removeprefix("sha256:"))
            body = b"{}" if self.path == "/v2/" else file.read_bytes()
            self.send_response(200)
            if manifest:
                self.send_header("Content-Type", json.loads(body)["mediaType"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    said = []
    try:
        with registry(tmp_path, Registry) as (environment, image):
            willing = with_environment(here, environment)
            assert await debian.pulled(willing, image, said.append)
            await command(here, "rmi", image)
    finally:
        await command(here, "rmi", source)
    assert any("Getting image source signatures" in line for line in said)


@pytest.mark.podman
async def test_a_registry_that_does_not_answer_is_given_up_after_some_seconds(here, tmp_path):
    class Silent(http.server.BaseHTTPRequestHandler):
        def handle(self):
            asked.set()
            released.wait()

    asked, released = threading.Event(), threading.Event()
    began = time.monotonic()
    with registry(tmp_path, Silent) as (environment, image):
        try:
            silent = with_environment(here, environment)
            assert not await debian.pulled(silent, image, lambda _: None, within=1.0)
            assert asked.is_set()
            assert time.monotonic() - began < 8
        finally:
            released.set()


@pytest.mark.podman
async def test_a_registry_without_debian_is_given_up_at_once(here, tmp_path):
    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    with registry(tmp_path, Empty) as (environment, image):
        async with asyncio.timeout(20):
            empty = with_environment(here, environment)
            assert not await debian.pulled(empty, image, lambda _: None, within=15)
