"""`nbh prepare`: what parts need that compose or systemd runs."""

import asyncio
import json
import os
import ssl
import subprocess
import sys

import pytest

from nbh_cli.up import apart
from nbh_kit import config as configs
from nbh_kit import programs, traefik
from nbh_kit.testing import eventually, free_ports

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")


def config_in(folder, **traefik_):
    site = {"data": str(folder / "data"), "run": str(folder / "run")}
    return configs.from_tree({"site": site, "traefik": traefik_})


@as_root
def test_each_secret_is_its_services_and_nobody_elses(tmp_path):
    config = config_in(tmp_path)
    apart.prepare(config)
    secrets = config.site.data / "secrets"
    owners = {f.name: f.stat().st_uid for f in secrets.iterdir()}
    assert owners == {
        "router": 64100,
        "nats-router": 64100,
        "nats-courses": 64103,
        "stats": 64104,
        "nats-stats": 64104,
        "nats-reaper": 64105,
        "nats-provisioner": 0,
        "nats-builder": 0,
        "nats-operator": 0,
    }
    assert {f.stat().st_mode & 0o777 for f in secrets.iterdir()} == {0o600}
    assert secrets.stat().st_mode & 0o777 == 0o700


@as_root
def test_secrets_stay_and_what_servers_are_told_is_theirs(tmp_path):
    config = config_in(tmp_path)
    apart.prepare(config)
    password = config.password_of("router")
    apart.prepare(config)
    assert config.password_of("router") == password
    told = config.site.data / "servers" / "nats" / "nats.conf"
    assert (told.stat().st_uid, told.stat().st_mode & 0o777) == (64102, 0o400)
    settings = json.loads(told.read_text())
    assert settings["jetstream"]["sync_interval"] == "always"
    assert password in {user["password"] for user in settings["authorization"]["users"]}


def test_what_a_flag_of_traefiks_switches_off_is_not_in_its_file():
    given = ("--api=false", "--api.dashboard=false", "--ping=true", "--ping.manualRouting=true")
    assert apart.as_file(given) == {"ping": {"manualRouting": "true"}}
    assert apart.as_file(("--log.level=WARN", "--ping=true")) == {
        "log": {"level": "WARN"},
        "ping": {},
    }


@pytest.fixture
def certificate(tmp_path):
    """A certificate and its key."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    out = ("-nodes", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate))
    subprocess.run((*made, *out), check=True, capture_output=True)
    return {"certificate": str(certificate), "certificate_key": str(key)}


@as_root
async def test_traefik_reads_its_file_as_it_reads_flags(tmp_path, certificate):
    """With a certificate, so that its own entry point speaks TLS and the internal one does not."""
    web = free_ports(2)
    config = config_in(
        tmp_path,
        listen=f"127.0.0.1:{web}",
        internal=f"127.0.0.1:{web + 1}",
        **certificate,
    )
    apart.prepare(config)
    (traefik.folder(config) / "some.yml").write_text(
        '{"http": {"routers": {"p": {"rule": "Path(`/p`)", "service": "ping@internal"}}}}'
    )
    file = config.site.data / "servers" / "traefik" / "traefik.yml"
    running = await asyncio.create_subprocess_exec(
        str(programs.find("traefik")), f"--configFile={file}", stdout=sys.stderr
    )
    try:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        assert b" 200 " in await eventually(lambda: _answer(web, trusting), within=20)
        assert b" 404 " in await _answer(web + 1, None)
    finally:
        running.terminate()
        await running.wait()


async def _answer(port, tls):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(b"GET /p HTTP/1.0\r\nHost: localhost\r\n\r\n")
    status = await reader.readline()
    writer.close()
    assert status, "no answer yet"
    return status
