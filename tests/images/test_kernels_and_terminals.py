"""Code runs: in cells and in terminals, over the websockets that a browser uses."""

import asyncio
import json
import uuid

import pytest
import websockets

from nbh_kit.testing import eventually

pytestmark = pytest.mark.podman


async def executed(lab, code, **headers):
    """Run a cell in a kernel of its own, as a browser with these headers does; returns the texts
    that it printed or returned, until its kernel is idle or lost."""
    async with lab.client() as client:
        kernel = (await client.post("api/kernels", json={"name": "python3"})).json()["id"]
        try:
            url = f"ws://{lab.address}{lab.path}api/kernels/{kernel}/channels"
            async with (
                asyncio.timeout(60),
                websockets.connect(
                    url, additional_headers=lab.headers | headers, proxy=None
                ) as channels,
            ):
                return await _answers(channels, code)
        finally:
            await client.delete(f"api/kernels/{kernel}")


async def _ask(channels, code):
    """Have a cell run; returns the request's id."""
    request = uuid.uuid4().hex
    await channels.send(
        json.dumps(
            {
                "channel": "shell",
                "header": {
                    "msg_id": request,
                    "msg_type": "execute_request",
                    "username": "",
                    "session": uuid.uuid4().hex,
                    "version": "5.3",
                },
                "parent_header": {},
                "metadata": {},
                "content": {"code": code, "silent": False, "store_history": False},
                "buffers": [],
            }
        )
    )
    return request


async def _answers(channels, code):
    request = await _ask(channels, code)
    texts = []
    async for raw in channels:
        message = json.loads(raw)
        if message["content"].get("execution_state") in ("restarting", "dead"):
            return texts
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        match message["msg_type"]:
            case "execute_result":
                texts.append(content["data"]["text/plain"])
            case "stream":
                texts.append(content["text"])
            case "error":
                texts.append(content["evalue"])
            case "status" if content["execution_state"] == "idle":
                return texts
    return texts


async def test_a_cell_is_run(lab):
    assert await executed(lab, "1 + 1") == ["2"]


async def test_a_cell_imports_the_courses_modules(lab):
    (lab.folder / "modules/course_module.py").write_text("answer = 42\n")
    assert await executed(lab, "import course_module; course_module.answer") == ["42"]


async def test_a_cell_begins_in_the_folder_of_its_notebook(lab):
    assert await executed(lab, "import os; os.getcwd()") == ["'/home/jovyan/work'"]


async def test_a_cell_draws_with_numpy_pandas_scipy_and_matplotlib(lab):
    code = (
        "import numpy, pandas, scipy.stats, ipywidgets\n"
        "import matplotlib.pyplot as plt\n"
        "pandas.Series(numpy.arange(3)).plot()\n"
        "print(type(ipywidgets.IntSlider()).__name__)"
    )
    assert any("IntSlider" in text for text in await executed(lab, code))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-GB,en;q=0.9,fr;q=0.8", "has used all of its memory, 1024 MiB"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "a utilisé toute sa mémoire, 1024\u00a0Mio"),
    ],
)
async def test_a_cell_whose_kernel_took_all_memory_says_so(lab, language, words):
    code = "import os; x = [os.urandom(2**20) * 8 for _ in range(999)]"
    (said,) = await executed(lab, code, **{"Accept-Language": language})
    assert words in said


async def test_a_cell_whose_kernel_ended_in_another_way_says_nothing_of_memory(lab):
    assert await executed(lab, "import os; os._exit(1)") == []


async def test_a_module_of_the_course_does_not_replace_one_of_the_server(start_lab):
    async with start_lab(files={"a.md": "# a\n"}) as lab:
        (lab.folder / "modules/yaml.py").write_text("raise SystemExit('not the real one')\n")
        assert (await lab.get("api/contents/a.md")).json()["type"] == "notebook"


async def test_a_terminal_has_the_labs_python_in_its_path(lab):
    async with lab.client() as client:
        name = (await client.post("api/terminals")).json()["name"]
    url = f"ws://{lab.address}{lab.path}terminals/websocket/{name}"
    seen = ""
    async with (
        asyncio.timeout(30),
        websockets.connect(url, additional_headers=lab.headers, proxy=None) as terminal,
    ):
        await terminal.send(json.dumps(["stdin", "echo which=$(which python),id=$(id -u)\r"]))
        async for raw in terminal:
            kind, *rest = json.loads(raw)
            seen += rest[0] if kind == "stdout" else ""
            if "which=/opt/venv/bin/python,id=1000" in seen:
                return
    raise AssertionError(seen)


async def processes(lab, kernel):
    """The numbers of a kernel's processes, inside."""
    listed = await lab.run("ps", "-C", "python", "-o", "pid=,args=")
    return [line.split()[0] for line in listed.splitlines() if f"kernel-{kernel}.json" in line]


async def another(lab, kernel, than):
    return next((p for p in await processes(lab, kernel) if p != than), None)


async def test_a_kernel_that_ended_at_work_is_not_said_to_be_busy(lab):
    """Whatever is heard of it after its start: nothing is, in this one."""
    async with lab.client() as client:
        kernel = (await client.post("api/kernels", json={"name": "python3"})).json()["id"]
        try:
            url = f"ws://{lab.address}{lab.path}api/kernels/{kernel}/channels"
            async with websockets.connect(url, additional_headers=lab.headers, proxy=None) as page:
                (first,) = await eventually(lambda: processes(lab, kernel), within=20, pause=0.1)
                await _ask(page, f"{_NEXT_ONE_WAITS}\nwhile True: pass")
                await eventually(lambda: is_said_to_be("busy", client, kernel), within=20)
                await eventually(lambda: lab.run("cat", _STARTUP), within=20)
            await lab.run("kill", "-9", first)
            await eventually(lambda: another(lab, kernel, first), within=20, pause=0.1)
            assert await is_said_to_be("starting", client, kernel)
        finally:
            await lab.run("rm", "-f", _STARTUP)
            await client.delete(f"api/kernels/{kernel}")


_STARTUP = "/home/jovyan/.ipython/profile_default/startup/wait.py"
_NEXT_ONE_WAITS = f"""
from pathlib import Path
Path("{_STARTUP}").write_text("import time; time.sleep(600)")
"""


async def is_said_to_be(state, client, kernel):
    told = (await client.get(f"api/kernels/{kernel}")).json()
    return told["execution_state"] == state
