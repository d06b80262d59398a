"""`nbh doctor` of names and configuration: each check broken, and mended as it advises (E-5)."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from nbh_cli.doctor import names, ports, rights, site
from nbh_kit import config as configs
from nbh_kit.testing import free_port
from tests.cli.findings import breaks, config, is_well, is_wrong

SECRET = "0123456789abcdef" * 4


# names and certificates


@breaks("dns error")
async def test_a_name_without_an_address_is_told():
    async def nobody(_):
        raise OSError("Name or service not known")

    async def somebody(_):
        return []

    origin = "https://notebooks.example.org"
    assert is_wrong(await names.has_address(origin, nobody), "notebooks.example.org", "A or AAAA")
    assert is_well(await names.has_address(origin, somebody))
    assert is_well(await names.has_address("http://share.localhost:8080", nobody))


@pytest.fixture
def pair(tmp_path):
    """A certificate for localhost that nobody else believes, and its key."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("openssl is not installed")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = (openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90")
    named = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    where = ("-out", str(certificate), "-keyout", str(key))
    subprocess.run((*made, *named, *where), check=True, capture_output=True)
    return certificate, key


@asynccontextmanager
async def presenting(certificate, key):
    """A server that presents it; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def bye(_, writer):
        writer.close()

    server = await asyncio.start_server(bye, "localhost", 0, family=socket.AF_INET, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@breaks("tls error")
async def test_a_certificate_that_browsers_do_not_believe_is_told(pair):
    async with presenting(*pair) as port:
        origin = f"https://localhost:{port}"
        assert is_wrong(await names.certificate(origin), "self-signed", "traefik.certificate")
        believed = ssl.create_default_context(cafile=str(pair[0]))
        assert is_well(await names.certificate(origin, believed))


@breaks("tls error")
async def test_an_origin_that_nobody_answers_is_told():
    assert is_wrong(await names.certificate(f"https://localhost:{free_port()}"), "traefik.listen")
    assert is_well(await names.certificate("http://localhost:1"))


@breaks("tls warning")
def test_a_certificate_that_ends_soon_is_told():
    day = 86400
    assert is_wrong(names.expiry("https://x", 13 * day), "13 days", "renew", level="warning")
    assert is_well(names.expiry("https://x", 60 * day))


@breaks("tls-files error")
def test_a_key_of_another_certificate_is_told(pair, tmp_path):
    certificate, key = pair
    other = tmp_path / "other.pem"
    subprocess.run(
        ("/usr/bin/openssl", "genrsa", "-out", str(other)), check=True, capture_output=True
    )
    assert is_wrong(names.key_of_certificate(certificate, other), "certificate and its key")
    assert is_wrong(names.key_of_certificate(tmp_path / "absent", key), "absent")
    assert is_well(names.key_of_certificate(certificate, key))


@breaks("sign-in warning")
def test_where_nobody_can_sign_in_is_told():
    origins = {"content": "http://a.org", "ui": "http://b.org", "share": "http://c.org"}
    assert is_wrong(names.sign_in(config(origins=origins)), "https", level="warning")
    assert is_well(names.sign_in(config(origins={**origins, "ui": "https://b.org"})))


# the configuration


@breaks("secrets error")
def test_secrets_that_others_can_read_are_told(tmp_path):
    data, file = tmp_path / "data", tmp_path / "nbhosting.toml"
    (data / "secrets").mkdir(parents=True, mode=0o700)
    password, key = data / "secrets" / "nats-router", tmp_path / "key"
    for path in (password, key, file):
        path.write_text(SECRET)
        path.chmod(0o644)
    keys = [{"id": "k1", "secret_file": str(key)}, {"id": "k2", "secret": SECRET}]
    given = config(site={"data": str(data)}, platform=[{"name": "lms", "keys": keys}])
    wrong = list(rights.secret_files(given, file))
    assert {str(path) for path in (password, key, file)} == {f.says.split()[3] for f in wrong}
    for finding in wrong:
        assert is_wrong(finding, "mode 644")
        mend, _, _ = finding.advice.partition(";")
        subprocess.run(("/bin/chmod", *mend.split()[1:]), check=True)
    (well,) = rights.secret_files(given, file)
    assert is_well(well)


@breaks("users error")
def test_users_of_somebody_else_are_told():
    given = config(site={"first_uid": 1000})
    assert is_wrong(rights.users(given, {1003: "ada"}.get), "1003 is ada", "first_uid")
    assert is_well(rights.users(given, {1006: "ada"}.get))


@breaks("ports error")
def test_a_port_that_somebody_has_is_told():
    given = config(router={"port": free_port()}, health={"first_port": 0})
    given = msgspec.structs.replace(
        given,
        traefik=msgspec.structs.replace(given.traefik, embedded=False),
        nats=msgspec.structs.replace(given.nats, embedded=False),
        courses=msgspec.structs.replace(given.courses, port=free_port()),
        stats=msgspec.structs.replace(given.stats, port=free_port()),
    )
    with socket.create_server(("127.0.0.1", given.router.port)):
        (taken,) = ports.free(given, runs=False)
        assert is_wrong(taken, "router.port", f"sport = :{given.router.port}")
        (ours,) = ports.free(given, runs=True)
        assert is_well(ours)
    (free,) = ports.free(given, runs=False)
    assert is_well(free)


def test_every_port_of_the_configuration_is_looked_at():
    looked = [port for _, _, port in ports.wanted(configs.Config())]
    assert sorted(looked) == [4222, 8080, 8081, 8082, 8083, 8084, *range(8090, 8096)]
    apart = config(nats={"embedded": False}, health={"hosts": ["10.90.0.11"] * 6})
    assert [port for _, _, port in ports.wanted(apart)] == [8080, 8082]


@breaks("configuration error")
def test_a_configuration_that_cannot_be_run_is_told():
    broken = config(traefik={"listen": "8080"})
    file = Path("/etc/nbhosting.toml")
    assert is_wrong(site.usable(broken, file), "traefik.listen", str(file))
    assert is_well(site.usable(config(provisioner={"engine": "memory"}), file))


@breaks("platforms error", "platforms warning")
def test_platforms_that_let_nobody_or_anybody_in_are_told():
    (none,) = site.platforms(config())
    assert is_wrong(none, "[[platform]]", level="warning")
    forged = {"name": "lms", "strategy": "referer", "hosts": ["lms.example.org"]}
    (anybody,) = site.platforms(config(platform=[forged]))
    assert is_wrong(anybody, "forge", level="warning")
    short = {"name": "lms", "keys": [{"id": "k", "secret": "short"}]}
    (weak,) = site.platforms(config(platform=[short]))
    assert is_wrong(weak, "32 characters", "openssl rand")
    signed = {"name": "lms", "keys": [{"id": "k", "secret": SECRET}]}
    (well,) = site.platforms(config(platform=[signed]))
    assert is_well(well)


@breaks("origins warning")
def test_origins_that_are_the_same_are_told():
    same = dict.fromkeys(("content", "ui", "share"), "https://x.org")
    tried = config(site={"dev": True}, origins=same)
    assert is_wrong(site.origins_apart(tried), "site.dev", level="warning")
    assert is_well(site.origins_apart(config()))


def test_where_parts_have_containers_of_their_own_the_machine_is_not_looked_at():
    apart = config(nats={"embedded": False}, health={"hosts": ["10.90.0.11"] * 6})
    assert site.elsewhere(apart, contained=True).level == "note"
    assert site.elsewhere(apart, contained=False) is None
    assert site.elsewhere(config(nats={"embedded": False}), contained=True) is None
    assert site.elsewhere(config(), contained=True) is None


def test_who_is_not_root_is_told_that_not_all_was_looked_at():
    assert site.is_root(1000).level == "note"
    assert is_well(site.is_root(0))
