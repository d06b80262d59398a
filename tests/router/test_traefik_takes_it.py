"""The oracle of the writer is the real Traefik (R-23): what we generate, it serves."""

import http.server
import json
import secrets
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbh_kit import programs, traefik
from nbh_kit.config import from_tree
from nbh_kit.testing import free_ports
from nbh_proto import names
from nbh_router import dynamic, static_file, whole_file
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

    def __init__(self, folder, labs, **of_traefik):
        self.labs = labs
        self.web = free_ports(5)
        self.internal, self.router, self.courses, self.stats = range(self.web + 1, self.web + 5)
        self.origin = f"http://localhost:{self.web}"
        self.config = from_tree(
            {
                "site": {"data": str(folder)},
                "origins": {
                    "content": self.origin,
                    "ui": f"http://127.0.0.1:{self.web}",
                    "share": f"http://share.localhost:{self.web}",
                },
                "traefik": {
                    "listen": f"127.0.0.1:{self.web}",
                    "internal": f"127.0.0.1:{self.internal}",
                }
                | of_traefik,
                "router": {"port": self.router},
                "courses": {"port": self.courses},
                "stats": {"port": self.stats},
            }
        )
        self.folder = traefik.folder(self.config)
        self.folder.mkdir(parents=True)
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
    with running(tmp_path_factory.mktemp("proxy")) as made:
        yield made


@contextmanager
def running(folder, **of_traefik):
    with ExitStack() as stack:
        labs = [stack.enter_context(server(f"lab{n}")) for n in range(3)]
        made = Proxy(folder, labs, **of_traefik)
        stack.enter_context(server("router", made.router))
        stack.enter_context(server("courses", made.courses))
        stack.enter_context(server("stats", made.stats))
        static = dynamic.encoded(static_file.of(made.config, made.origin))
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


@pytest.mark.parametrize(
    ("host", "path", "answers"),
    [
        ("127.0.0.1", "/hooks/py", "courses"),
        ("share.localhost", "/hooks/py", "router"),
        ("localhost", "/hooks/py", "router"),
        ("share.localhost", "/builds/py/doc/latest/", "courses"),
        ("127.0.0.1", "/builds/py/doc/latest/", "router"),
        ("localhost", "/builds/py/doc/latest/", "router"),
        ("share.localhost", "/buildsx", "router"),
        ("127.0.0.1", "/api/stats/courses/py/live", "stats"),
        ("127.0.0.1", "/staff/stats/daily_metrics/py", "stats"),
        ("127.0.0.1", "/dashboard/", "stats"),
        ("127.0.0.1", "/dashboard", "stats"),
        ("127.0.0.1", "/dashboard/courses/py", "stats"),
        ("localhost", "/dashboard/courses/py", "router"),
        ("share.localhost", "/dashboard/", "router"),
        ("localhost", "/api/stats/courses/py/live", "router"),
        ("share.localhost", "/staff/stats/daily_metrics/py", "router"),
    ],
)
def test_webhooks_built_pages_and_statistics_are_at_their_own_origin(proxy, host, path, answers):
    proxy.take([])
    with httpx2.Client(base_url=proxy.origin, trust_env=False) as browser:
        headers = {"Host": f"{host}:{proxy.web}"}
        assert browser.get(path, headers=headers).json()[:2] == [answers, path]


def test_a_webhook_s_body_is_limited(tmp_path):
    with running(tmp_path / "site") as proxy:
        proxy.take([])
        url = f"http://127.0.0.1:{proxy.web}/hooks/py"
        answer = httpx2.post(url, content=bytes(5 * 1024**2), trust_env=False)
    assert answer.status_code == 413


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


def test_a_connection_to_a_lab_is_given_up_soon_since_a_lab_in_use_is_not_frozen(proxy):
    with socket.create_server(("127.0.0.1", 0)) as lab, ThreadPoolExecutor(1) as browser:
        address = f"127.0.0.1:{lab.getsockname()[1]}"
        route = Route(names.new_capability(), address, secrets.token_urlsafe(32))
        proxy.take([route])
        url = f"{proxy.origin}/{route.capability}/api"
        answer = browser.submit(httpx2.get, url, trust_env=False)
        connection, _ = lab.accept()
        with connection:
            connection.settimeout(5)
            assert connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert answer.result().text == "ok"
            assert connection.recv(1) == b""  # and it was kept alive until then
    proxy.take([])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")
def test_with_a_certificate_it_speaks_tls_of_this_decade_only(tmp_path):
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    make = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names_ = ["-addext", "subjectAltName=DNS:localhost"]
    argv = ["openssl", *make.split(), *names_, "-out", str(certificate), "-keyout", str(key)]
    subprocess.run(argv, check=True, capture_output=True, timeout=30)
    given = {"certificate": str(certificate), "certificate_key": str(key)}
    with running(tmp_path / "site", **given) as proxy:
        (route,) = [Route(names.new_capability(), proxy.labs[0], secrets.token_urlsafe(32))]
        proxy.take([route])
        context = ssl.create_default_context(cafile=str(certificate))
        origin = f"https://localhost:{proxy.web}"
        with httpx2.Client(base_url=origin, trust_env=False, verify=context) as browser:
            assert browser.get(f"/{route.capability}/").json()[0] == "lab0"
        assert _speaks(proxy.web, ssl.TLSVersion.TLSv1_2)
        assert not _speaks(proxy.web, ssl.TLSVersion.TLSv1_1)


def _speaks(port, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or the client itself would refuse old ones
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    try:
        with (
            socket.create_connection(("127.0.0.1", port)) as raw,
            context.wrap_socket(raw, server_hostname="localhost"),
        ):
            return True
    except ssl.SSLError:
        return False
