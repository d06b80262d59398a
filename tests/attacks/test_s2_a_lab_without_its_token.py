"""S-2: who asks a lab directly, without its token, gets nothing; nor does a wrong path."""

import httpx2
import pytest

from nbh_kit.testing import eventually
from nbh_proto import names
from tests.provisioner import labs, world
from tests.provisioner.conftest import data, podman_engine, podman_socket, site

__all__ = ["data", "podman_engine", "podman_socket", "site"]  # fixtures are found by name

pytestmark = pytest.mark.podman

PATHS = [
    "api/contents",
    "api/kernels",
    "api/sessions",
    "api/terminals",
    "api/kernelspecs",
    "api/status",
    "api/me",
    "files/n1.ipynb",
    "nbconvert/html/n1.ipynb",
    "lab",
    "tree",
    "notebooks/n1.ipynb",
    "terminals/websocket/1",
    "lsp/ws/python",
]


@pytest.fixture
async def lab(podman_engine, site):
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    running = await podman_engine.start(spec)
    await eventually(lambda: labs.answers(spec, running), within=20)
    return spec, running


async def test_without_the_token_a_lab_gives_nothing_away(lab):
    spec, running = lab
    for token in (None, "", "wrong", labs.capability(spec)):
        for path in PATHS:
            answer = await labs.get(spec, running, path, token=token)
            refused = answer.status_code in (401, 403, 404)
            to_login = answer.status_code == 302 and "/login?" in answer.headers["location"]
            assert refused or to_login, (path, token, answer.status_code)
            assert labs.TOKEN not in answer.text + str(answer.headers)


async def test_with_the_token_it_does(lab):
    spec, running = lab
    for path in ("api/contents", "tree", "lab"):
        assert (await labs.get(spec, running, path)).status_code == 200


async def test_nothing_is_to_be_found_beside_the_capability(lab):
    _, running = lab
    headers = {"Authorization": f"token {labs.TOKEN}"}
    async with httpx2.AsyncClient(timeout=60, headers=headers) as client:
        for base in ("", f"{names.new_capability()}/", "8888/", "1/"):
            for path in ("api", "api/contents", "lab", "tree"):
                answer = await client.get(f"http://{running.address}/{base}{path}")
                assert answer.status_code == 404, (base, path)


async def test_nothing_but_jupyter_listens(lab):
    _, running = lab
    host = running.address.partition(":")[0]
    async with httpx2.AsyncClient(timeout=1) as client:
        for port in (22, 80, 443, 4222, 8000, 8080, 8889, 9999):
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"http://{host}:{port}/")
