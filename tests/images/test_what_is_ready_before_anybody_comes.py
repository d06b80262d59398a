"""A lab that waits for its student is ready: a kernel runs, and what is loaded is compressed."""

import gzip
import json
import re

import httpx2
import msgspec
import pytest
from websockets.asyncio.client import connect

from nbh_kit.testing import eventually
from tests.e2e.student import execute

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]

KERNELS = "pgrep --full --count [i]pykernel_launcher || true"
WHERE = "import os; print(os.getcwd(), os.environ['JPY_SESSION_NAME'], len(In))"


REHEARSAL = "api/nbh/rehearsal"


def nobodys(**kernels):
    """As the provisioner says of a lab that is nobody's yet, and what a course says besides."""
    where = "/srv/jupyter/jupyter_server_config.json"
    return {where: json.dumps({"Kernels": {"waits": True, **kernels}})}


async def kernels(lab):
    """How many run, whoever knows of them."""
    return int(await lab.run("sh", "-c", KERNELS))


async def one_runs(lab):
    await eventually(lambda: _are(lab, 1), within=60)


async def _are(lab, number):
    return await kernels(lab) == number


async def rehearsed(client):
    """Have a lab rehearse."""
    assert (await client.post(REHEARSAL, timeout=60)).status_code == 204


async def session(client, path, kernel="python3"):
    """What a page does: a session for its notebook; its kernel's id."""
    given = {"path": path, "name": path.rpartition("/")[2], "type": "notebook"}
    answer = await client.post("api/sessions", json=given | {"kernel": {"name": kernel}})
    assert answer.status_code == 201, answer.text
    return answer.json()["kernel"]["id"]


async def says(lab, kernel, code):
    """What a kernel prints."""
    url = f"{lab.url}api/kernels/{kernel}/channels".replace("http", "ws", 1)
    async with connect(url, additional_headers=lab.headers) as channel:
        await channel.send(execute("m1", code))
        while True:
            said = msgspec.json.decode(await channel.recv())
            if said["parent_header"].get("msg_id") == "m1" and said["msg_type"] == "stream":
                return said["content"]["text"].strip()


async def test_the_first_who_asks_gets_the_kernel_that_runs(start_lab):
    async with start_lab(files={"a.md": "# a\n"}, given=nobodys()) as lab, lab.client() as client:
        await rehearsed(client)
        assert await kernels(lab) == 1
        # it is nobody's: the policy of idleness sees none
        assert (await client.get("api/kernels")).json() == []
        assert (await client.get("api/status")).json()["kernels"] == 0
        (lab.folder / "work" / "w1").mkdir(mode=0o777)
        first = await session(client, "w1/n1.ipynb")
        assert await kernels(lab) == 1
        # where it would have begun, as whose, and with nothing counted or bound
        said = await says(lab, first, WHERE)
        assert said == "/home/jovyan/work/w1 /home/jovyan/work/w1/n1.ipynb 1"
        assert (await client.post(f"api/kernels/{first}/restart")).status_code == 200
        assert await says(lab, first, WHERE) == said
        second = await session(client, "a.md")
        assert await kernels(lab) == 2
        assert (await says(lab, second, WHERE)).startswith("/home/jovyan/work /")
        listed = {each["id"] for each in (await client.get("api/kernels")).json()}
        assert listed == {first, second}


async def test_one_that_nobody_can_use_is_ended(start_lab):
    spec = {"argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    about = json.dumps(spec | {"display_name": "Other", "language": "python"})
    given = {"/opt/venv/share/jupyter/kernels/other/kernel.json": about}
    async with start_lab(given=given | nobodys()) as lab, lab.client() as client:
        await rehearsed(client)
        other = await session(client, "n1.ipynb", "other")
        assert await says(lab, other, "print(6 * 7)") == "42"
        await one_runs(lab)


async def test_one_that_has_died_is_no_hindrance(start_lab):
    async with start_lab(given=nobodys()) as lab, lab.client() as client:
        await rehearsed(client)
        assert await kernels(lab) == 1
        await lab.run("pkill", "--full", "--signal", "KILL", "ipykernel_launcher")
        kernel = await session(client, "n1.ipynb")
        assert await says(lab, kernel, "print(6 * 7)") == "42"


async def test_nobody_gains_a_kernel_by_rehearsing_who_has_been_there(start_lab):
    async with start_lab(given=nobodys()) as lab, lab.client() as client:
        assert (await client.get(REHEARSAL)).json() == {"rehearsed": False}
        await session(client, "a.md")
        await rehearsed(client)
        assert await kernels(lab) == 1
        await rehearsed(client)
        assert len((await client.get("api/kernels")).json()) == 1


async def test_one_that_hangs_up_ends_it_and_can_ask_again(start_lab):
    async with start_lab(given=nobodys()) as lab, lab.client() as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.post(REHEARSAL, timeout=0.05)
        await rehearsed(client)
        assert await kernels(lab) == 1
        assert (await client.get(REHEARSAL)).json() == {"rehearsed": True}


@pytest.mark.parametrize("given", [nobodys(begins_one=False), {}], ids=["course", "somebody's"])
async def test_a_course_can_do_without_the_kernel_and_the_lab_of_somebody_has_none(
    given, start_lab
):
    async with start_lab(given=given) as lab, lab.client() as client:
        await rehearsed(client)
        assert await kernels(lab) == 0
        assert (await client.get("api/status")).json()["kernels"] == 0


async def test_it_is_no_sign_of_anybodys_being_there(start_lab):
    async with start_lab(given=nobodys()) as lab, lab.client() as client:
        before = (await client.get("api/status?no_track_activity=1")).json()["last_activity"]
        assert (await client.post(f"{REHEARSAL}?no_track_activity=1")).status_code == 204
        after = (await client.get("api/status?no_track_activity=1")).json()["last_activity"]
        assert after == before


async def test_what_browsers_load_is_compressed(lab):
    async with lab.client() as client:
        page = (await client.get("notebooks/plain.ipynb")).text
    script = re.search(r'src="/\d+/(static/notebook/main\.\w+\.js\?v=\w+)"', page)
    assert script is not None
    async with httpx2.AsyncClient(base_url=lab.url, headers=lab.headers) as client:
        async with client.stream("GET", script[1], headers={"Accept-Encoding": "gzip"}) as sent:
            compressed = b"".join([piece async for piece in sent.aiter_raw()])
        plain = await client.get(script[1], headers={"Accept-Encoding": "identity"})
        again = await client.get("lab/api/themes/@jupyterlab/theme-light-extension/index.css")
    assert sent.headers["content-encoding"] == "gzip"
    assert "javascript" in sent.headers["content-type"]
    assert "max-age" in sent.headers["cache-control"]
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(compressed) == plain.content
    assert len(compressed) < len(plain.content) / 2
    assert ":root{" in again.text  # what another handler changes is not sent compressed
    found = await lab.run(
        "sh", "-c", "ls /opt/venv/share/jupyter/labextensions/nbh-notebook/static"
    )
    assert re.search(r"entry\.\w+\.js\.gz", found)


async def test_what_was_replaced_since_is_sent_as_it_is(start_lab):
    where = "/opt/venv/share/jupyter/labextensions/jupyterlab_pygments/package.json"
    async with start_lab(given={where: "{}" + " " * 2000}) as lab, lab.client() as client:
        sent = await client.get("lab/extensions/jupyterlab_pygments/package.json")
    assert "content-encoding" not in sent.headers
    assert sent.text.strip() == "{}"
