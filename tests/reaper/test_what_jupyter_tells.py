"""What a real lab tells the reaper: the facts that the policy stands on, of the image we ship."""

import asyncio
import base64
import contextlib
import json
import uuid

import pytest
import pytest_asyncio
import websockets

from nbh_kit.testing import eventually
from nbh_proto import Lab
from nbh_reaper.clock import Clock
from nbh_reaper.jupyter import Jupyter
from tests.images import lab as labs

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]

IMAGE = "localhost/nbhosting/minimal-notebook"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real(podman_socket, lab_images, tmp_path_factory):
    """A lab of our image; each test takes away what it leaves in it."""
    async with labs.running(podman_socket, IMAGE, tmp_path_factory.mktemp("lab")) as running:
        yield running


class Asking:
    """The reaper's side of one real lab."""

    def __init__(self, real):
        self._jupyter = Jupyter(within=10)
        self._lab = Lab(
            node="n",
            course="c",
            student="s",
            state="ready",
            generation=1,
            capability=real.path.strip("/"),
            token=real.token,
            address=real.address,
            since=Clock().now().day,
        )

    async def status(self):
        return await self._jupyter.status(self._lab)

    async def detail(self):
        return await self._jupyter.detail(self._lab)

    async def states(self):
        return [kernel.execution_state for kernel in (await self.detail()).kernels]


@pytest.fixture
def asking(real):
    return Asking(real)


@contextlib.asynccontextmanager
async def a_kernel(client):
    """A kernel that is idle."""
    kernel = (await client.post("api/kernels", json={"name": "python3"})).json()["id"]
    try:
        yield kernel
    finally:
        await client.delete(f"api/kernels/{kernel}")


async def run(real, kernel, code):
    """Run a cell as a page does, and close the page at once."""
    url = f"ws://{real.address}{real.path}api/kernels/{kernel}/channels"
    async with websockets.connect(url, additional_headers=real.headers, proxy=None) as page:
        request = {
            "channel": "shell",
            "header": {
                "msg_id": uuid.uuid4().hex,
                "msg_type": "execute_request",
                "username": "",
                "session": uuid.uuid4().hex,
                "version": "5.3",
            },
            "parent_header": {},
            "metadata": {},
            "content": {"code": code, "silent": False},
            "buffers": [],
        }
        await page.send(json.dumps(request))
        async for said in page:
            if json.loads(said)["content"].get("execution_state") == "busy":
                break


async def test_our_own_asking_is_no_activity(asking):
    first = await asking.status()
    for _ in range(3):
        await asking.detail()
        assert await asking.status() == first


async def test_a_kernel_that_computes_is_busy_though_its_page_is_closed(real, asking):
    async with real.client() as client, a_kernel(client) as kernel:
        assert await asking.states() in (["starting"], ["idle"])
        await run(real, kernel, "import time\nwhile True: time.sleep(0.01)")
        status = await eventually(lambda: _settled(asking), within=20)
        assert await asking.states() == ["busy"]
        assert (await asking.status()).last_activity == status.last_activity
        await client.post(f"api/kernels/{kernel}/interrupt")
        await eventually(lambda: _is(asking.states, ["idle"]), within=20)
        assert (await asking.status()).last_activity > status.last_activity


async def test_an_open_page_is_a_connection_and_asking_for_it_is_none(real, asking):
    async with real.client() as client, a_kernel(client) as kernel:
        url = f"ws://{real.address}{real.path}api/kernels/{kernel}/channels"
        async with websockets.connect(url, additional_headers=real.headers, proxy=None):
            await eventually(lambda: _connections(asking, 1))
        await eventually(lambda: _connections(asking, 0))


async def test_a_terminal_is_told_until_it_is_left(real, asking):
    async with real.client() as client:
        name = (await client.post("api/terminals")).json()["name"]
        assert len((await asking.detail()).terminals) == 1
        url = f"ws://{real.address}{real.path}terminals/websocket/{name}"
        async with websockets.connect(url, additional_headers=real.headers, proxy=None) as page:
            await page.send(json.dumps(["stdin", "exit\r"]))
            await eventually(lambda: _no_terminal(asking))


async def test_each_piece_of_an_upload_is_an_activity_that_changes_something(real, asking):
    async with real.client() as client:
        for chunk in (1, 2, -1):
            before = await asking.status(), (await asking.detail()).writes
            piece = base64.b64encode(b"x" * 100_000).decode()
            model = {"type": "file", "format": "base64", "content": piece, "chunk": chunk}
            (await client.put("api/contents/data.bin", json=model)).raise_for_status()
            assert (await asking.status()).last_activity > before[0].last_activity
            assert (await asking.detail()).writes > before[1]


async def test_what_a_visible_page_asks_for_by_itself_changes_nothing(real, asking):
    async with real.client() as client:
        before = await asking.detail()
        used = (await asking.status()).last_activity
        for path in ("api/kernels", "api/sessions", "api/terminals", "api/contents?content=1"):
            (await client.get(path)).raise_for_status()
        assert (await asking.status()).last_activity > used
        assert (await asking.detail()).writes == before.writes


async def _settled(asking):
    """The status once no page is connected and nothing moves any more."""
    status = await asking.status()
    if status.connections or await asking.states() != ["busy"]:
        return None
    return status if await asking.status() == status else None


async def _connections(asking, count):
    return (await asking.status()).connections == count


async def _no_terminal(asking):
    return not (await asking.detail()).terminals


async def _is(question, wanted):
    return await question() == wanted


async def test_a_lab_says_the_same_when_it_is_asked_by_many(asking):
    said = await asyncio.gather(*(asking.status() for _ in range(20)))
    assert len(set(said)) == 1
