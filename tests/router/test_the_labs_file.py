"""What the router writes for Traefik (R-13, S-17 to S-20)."""

import json
import secrets

import pytest

from nbh_kit.config import from_tree
from nbh_proto import names
from nbh_router import dynamic, static_file
from nbh_router.table import Route

CONFIG = from_tree({})
ORIGIN = "https://notebooks.example.org"


def routes(number):
    return [
        Route(
            names.new_capability(), f"10.88.{n // 250}.{n % 250 + 2}:8888", secrets.token_hex(32)
        )
        for n in range(number)
    ]


def test_what_is_written_can_be_read_again():
    given = routes(20)
    data = dynamic.encoded(dynamic.labs(given, "v1"))
    assert dynamic.routes_in(data) == {r.capability: r for r in given}


def test_a_file_without_labs_is_still_no_empty_map():
    http = json.loads(dynamic.encoded(dynamic.labs([], "v1")))["http"]
    assert list(http) == ["routers"]
    assert http["routers"]["version"]["service"] == "ping@internal"


def test_no_name_that_traefik_may_log_or_count_holds_a_capability():
    given = routes(3)
    http = json.loads(dynamic.encoded(dynamic.labs(given, "v1")))["http"]
    said = " ".join(name for kind in http.values() for name in kind)
    assert not any(r.capability in said for r in given)
    assert all(r["observability"]["accessLogs"] is False for r in _lab_routers(http))


def test_a_lab_is_reached_only_through_its_middlewares():
    (route,) = routes(1)
    http = json.loads(dynamic.encoded(dynamic.labs([route], "v1")))["http"]
    (router,) = _lab_routers(http)
    assert router["rule"] == f"PathPrefix(`/{route.capability}/`)"
    assert router["entryPoints"] == ["web"]
    assert router["middlewares"][:2] == ["lab-headers", "lab-errors"]
    token = http["middlewares"][router["middlewares"][2]]
    assert token["headers"]["customRequestHeaders"] == {"Authorization": f"token {route.token}"}


def test_what_go_would_take_for_a_template_is_never_written():
    with pytest.raises(ValueError, match="must not hold"):
        dynamic.encoded(dynamic.labs([Route("1" * 40, "10.0.0.1:1", '{{ env "HOME" }}')], "v1"))


def test_an_origin_that_could_end_the_rule_is_refused():
    with pytest.raises(ValueError, match="not an origin"):
        static_file.of(CONFIG, "https://a`) || PathPrefix(`/")


def test_certificates_are_served_from_tls_1_2_on():
    tree = {"traefik": {"certificate": "/etc/c.pem", "certificate_key": "/etc/k.pem"}}
    tls = json.loads(dynamic.encoded(static_file.of(from_tree(tree), ORIGIN)))["tls"]
    assert tls["certificates"] == [{"certFile": "/etc/c.pem", "keyFile": "/etc/k.pem"}]
    assert tls["options"]["default"]["minVersion"] == "VersionTLS12"


def test_without_a_certificate_the_file_has_no_tls():
    assert "tls" not in json.loads(dynamic.encoded(static_file.of(CONFIG, ORIGIN)))


def _lab_routers(http):
    return [r for name, r in http["routers"].items() if name != "version"]
