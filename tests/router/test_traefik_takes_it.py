"""The oracle of the writer is the real Traefik (R-23): what we generate, it serves."""

import http.server
import json
import secrets
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbh_kit import programs, traefik
from nbh_kit.config import from_tree
from nbh_kit.testing import free_port
from nbh_proto import names
from nbh_router import dynamic, whole_file
from nbh_router.table import Route


class _Named(http.server.ThreadingHTTPServer):
    name = ""


class _Server(http.server.BaseHTTPRequestHandler):
    server: _Named
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body in one packet

    def do_GET(self):
        body = json.dumps([self.server.name, self.path, self.headers.get("Authorization")])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


@contextmanager
def server(name, port=0):
    serving = _Named(("127.0.0.1", port), _Server)
    serving.name = name
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


class Proxy:
    """One Traefik for all examples, with servers where labs and the router would be."""

    def __init__(self, folder, labs):
        self.labs = labs
        self.web, self.internal, self.router = free_port(), free_port(), free_port()
        self.origin = f"http://localhost:{self.web}"
        self.config = from_tree(
            {
                "site": {"data": str(folder)},
                "origins": {"content": self.origin},
                "traefik": {
                    "listen": f"127.0.0.1:{self.web}",
                    "internal": f"127.0.0.1:{self.internal}",
                },
                "router": {"port": self.router},
            }
        )
        self.folder = traefik.folder(self.config)
        self.folder.mkdir()
        self.log = folder / "log"

    def take(self, routes):
        """Write a version and wait until it is live."""
        version = secrets.token_hex(8)
        whole_file.write(self.folder / "labs.yml", dynamic.encoded(dynamic.labs(routes, version)))
        url = f"http://127.0.0.1:{self.internal}{dynamic.version_path(version)}"
        deadline = time.monotonic() + 10
        while httpx2.get(url, trust_env=False).status_code != 200:
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxy")
    with ExitStack() as stack:
        labs = [stack.enter_context(server(f"lab{n}")) for n in range(3)]
        made = Proxy(folder, labs)
        stack.enter_context(server("router", made.router))
        static = dynamic.encoded(dynamic.static(made.config, made.origin))
        whole_file.write(made.folder / "static.yml", static)
        with made.log.open("wb") as log:
            argv = [str(programs.find("traefik")), *traefik.flags(made.config)]
            process = subprocess.Popen(argv, stdout=log, stderr=log)
            try:
                _wait(made.internal, process)
                yield made
            finally:
                process.terminate()
                process.wait()


def _wait(port, process):
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/", trust_env=False)
            return
        except httpx2.TransportError:
            time.sleep(0.02)
    raise AssertionError("Traefik does not answer")


_CAPABILITIES = st.integers(10**39, 10**40 - 1).map(str)
_TOKENS = st.text(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", min_size=16, max_size=64
)


@given(
    st.lists(
        st.tuples(_CAPABILITIES, st.integers(0, 2), _TOKENS), max_size=12, unique_by=lambda r: r[0]
    )
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_each_route_leads_to_its_lab_with_its_token(proxy, drawn):
    routes = [Route(c, proxy.labs[at], token) for c, at, token in drawn]
    proxy.take(routes)
    with httpx2.Client(base_url=proxy.origin, trust_env=False) as browser:
        for (capability, at, token), _ in zip(drawn, routes, strict=True):
            name, path, authorization = browser.get(f"/{capability}/api/status?x=1").json()
            assert (name, path) == (f"lab{at}", f"/{capability}/api/status?x=1")
            assert authorization == f"token {token}"
            assert browser.get(f"/{capability}").json()[0] == "router"
            assert browser.get(f"/{capability}0/lab").json()[0] == "router"
        assert browser.get(f"/{names.new_capability()}/lab").json()[0] == "router"
        assert browser.get("/notebookLazyCopy/py/n1/ada").json()[0] == "router"
    assert '"level":"error"' not in proxy.log.read_text()


def test_health_and_confirmation_are_not_for_the_world(proxy):
    proxy.take([])
    with httpx2.Client(base_url=proxy.origin, trust_env=False) as browser:
        for path in ("/livez", "/readyz", "/ping", "/api/rawdata", "/dashboard/", "/metrics"):
            answer = browser.get(path)
            assert answer.status_code == 404 or answer.json()[0] == "router", path
        for path in ("/livez", "/readyz"):
            assert browser.get(path).text.startswith("404")


def test_a_thousand_labs_are_taken_in(proxy):
    routes = [
        Route(names.new_capability(), proxy.labs[n % 3], secrets.token_urlsafe(32))
        for n in range(1000)
    ]
    proxy.take(routes)
    with httpx2.Client(base_url=proxy.origin, trust_env=False) as browser:
        for route in routes[::250]:
            assert browser.get(f"/{route.capability}/").json()[2] == f"token {route.token}"
    proxy.take([])
    assert '"level":"error"' not in proxy.log.read_text()
