"""Traefik gets the certificates of the three origins by itself (traefik.acme)."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from nbh_kit import config
from nbh_kit.config import BadConfig
from tests.cli.acme_site import NAMES
from tests.conftest import REPOSITORY

ORIGINS = {
    "content": "https://notebooks.example.org",
    "ui": "https://staff.example.org",
    "share": "https://shared.example.org",
}
ACME = "https://acme-v02.api.letsencrypt.org/directory"


@pytest.mark.skipif(os.getuid() != 0, reason="only root has a network of its own")
@pytest.mark.skipif(not shutil.which("caddy"), reason="there is no ACME server here (caddy)")
def test_an_acme_server_that_comes_and_looks_gives_each_origin_its_certificate(tmp_path):
    apart = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    argv = (*apart, sys.executable, "-m", "tests.cli.acme_site", str(tmp_path))
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-5000:]
    assert json.loads(done.stdout) == [[name] for name in NAMES]
    kept = tmp_path / "data" / "acme" / "acme.json"
    assert (kept.stat().st_uid, kept.stat().st_mode & 0o777) == (64101, 0o600)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"acme": "http://a/b"}, "traefik.acme: write the https", id="in plain http"),
        pytest.param(
            {"acme": ACME, "certificate": "/c", "certificate_key": "/k"},
            "traefik.acme: with traefik.certificate",
            id="beside a certificate",
        ),
        pytest.param(
            {"acme": ACME, "origins": ORIGINS | {"ui": "http://staff.example.org"}},
            "origins.ui: http://staff.example.org gets no certificate",
            id="for an origin in plain http",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(given, said):
    origins = given.pop("origins", ORIGINS)
    with pytest.raises(BadConfig, match=said):
        config.from_tree({"origins": origins, "traefik": given})


def test_both_ways_to_a_certificate_speak_tls():
    got = config.from_tree({"origins": ORIGINS, "traefik": {"acme": ACME}}).traefik
    own = config.from_tree({"traefik": {"certificate": "/c", "certificate_key": "/k"}}).traefik
    assert got.speaks_tls
    assert own.speaks_tls
    assert not config.from_tree({}).traefik.speaks_tls
