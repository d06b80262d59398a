"""Re-opens of frozen labs, by a click and by the lab's own URL, and what frozen labs weigh.

The floor is the same container, paused and resumed through podman's API with nothing of ours
between: from the resumption to its first 200.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import psutil

from nbh_proto import CommandDone, CommandFailed, FreezeLab, Lab
from nbh_proto.course import CommandAnswer
from nbh_provisioner.engine import Running
from nbh_provisioner.engines.podman import PodmanEngine
from tests.bench import memory
from tests.bench.calm import until_calm
from tests.bench.client import Client
from tests.bench.figures import Figure, at_least, at_most, median, percentile, spread
from tests.e2e.student import Student

ROUNDS = 20
"""Of each way, over all labs: two of two hundred samples may exceed the 99th percentile."""

_NODE_MIB = 20 * 1024
_NOTEBOOK = "api/contents/w1/first.md?content=1"


async def figures(system, students: Sequence[str]) -> list[Figure]:
    """``students`` have labs that run, without a kernel."""
    engine = PodmanEngine(system.config.podman_socket, system.config.site.name)
    try:
        labs = await _running(system, engine)
        bare = _weights(labs[s] for s in students)
        kernels = [await _begin(system, student) for student in students]
        opens = await _opens(system, engine, students)
        with_kernel = _weights(labs[s] for s in students)
        for student, kernel in zip(students, kernels, strict=True):
            await _check(system, student, kernel)
    finally:
        await engine.close()
    return [*opens, _fit(bare, with_kernel)]


async def _begin(system, name: str) -> str:
    """Open the notebook, as who comes back to it once did; compute; return the kernel."""
    student = await _there(system, name)
    await student.contents("w1/first.md")
    kernel = await student.kernel()
    assert await student.run(kernel, "x = 41; print(x)") == "41\n"
    await student.close()
    return kernel


async def _check(system, name: str, kernel: str) -> None:
    student = await _there(system, name)
    assert await student.run(kernel, "print(x + 1)") == "42\n"
    await student.close()


async def _there(system, name: str) -> Student:
    student = Student(system.link("lesson", "w1/first", name))
    await student.open()
    return student


async def _opens(system, engine: PodmanEngine, students: Sequence[str]) -> list[Figure]:
    labs = {lab.student: lab for lab in await system.labs()}
    running = await _running(system, engine)
    clicks: list[float] = []
    requests: list[float] = []
    floors: list[float] = []
    client = Client("localhost", system.port)
    for _ in range(ROUNDS):
        await _all_frozen(system, [labs[s] for s in students])
        for student in students:
            clicks.append(await _click(client, system.link("lesson", "w1/first", student)))
        await _all_frozen(system, [labs[s] for s in students])
        for student in students:
            requests.append(await _request(client, f"/{labs[student].capability}/{_NOTEBOOK}"))
        for student in students:
            floors.append(await _bare(engine, running[student], labs[student]))
    client.close()
    await asyncio.gather(*[_freeze(system, labs[s]) for s in students])
    floor = median(floors) * 1e3
    return [
        figure
        for name, samples in (("click", clicks), ("the lab's own URL", requests))
        for figure in _figures(f"re-open of a frozen lab, {name} to its notebook", samples, floor)
    ]


def _figures(name: str, samples: list[float], floor: float) -> list[Figure]:
    return [
        at_most(
            f"{name}, {what}",
            percentile(samples, share) * 1e3,
            goal,
            unit="ms",
            floor=floor,
            spread=spread(samples, 1e3),
        )
        for what, share, goal in (("p50", 0.5, 25), ("p99", 0.99, 80))
    ]


async def _all_frozen(system, labs: Sequence[Lab]) -> None:
    await asyncio.gather(*[_freeze(system, lab) for lab in labs])
    await until_calm()


async def _freeze(system, lab: Lab) -> None:
    """Ask until it is frozen: Traefik keeps its connections for a moment."""
    heard: asyncio.Queue[CommandAnswer] = asyncio.Queue()
    async with system.bus.inbox(CommandAnswer, heard.put_nowait) as inbox, asyncio.timeout(30):
        while True:
            await system.bus.tell(
                # a message of its own each time
                FreezeLab(node=lab.node, course=lab.course, student=lab.student, answer_to=inbox)
            )
            match await heard.get():
                case CommandDone(line="the lab is frozen"):
                    return
                case CommandFailed(reason="in-use"):
                    await asyncio.sleep(0.3)
                case answer:
                    raise AssertionError(answer)


async def _click(client: Client, url: str) -> float:
    began = time.perf_counter()
    redirect = await client.get(url)
    assert redirect.status == 302, redirect
    capability = urlsplit(redirect.headers["location"]).path.split("/")[1]
    await _request(client, f"/{capability}/{_NOTEBOOK}")
    return time.perf_counter() - began


async def _request(client: Client, path: str) -> float:
    began = time.perf_counter()
    answer = await client.get(path)
    assert answer.status == 200, answer
    return time.perf_counter() - began


async def _bare(engine: PodmanEngine, running: Running, lab: Lab) -> float:
    await engine.freeze(running)
    host, _, port = lab.address.rpartition(":")
    began = time.perf_counter()
    await engine.thaw(running)
    reader, writer = await asyncio.open_connection(host, int(port))
    path = f"/{lab.capability}/{_NOTEBOOK}"
    writer.write(f"GET {path} HTTP/1.0\r\nAuthorization: token {lab.token}\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    took = time.perf_counter() - began
    writer.close()
    return took


async def _running(system, engine: PodmanEngine) -> dict[str, Running]:
    """Each student's lab, as the engine knows it."""
    there = {f.container: f.running for f in await engine.labs() if f.running}
    return {lab.student: there[lab.container] for lab in await system.labs() if lab.student}


def _weights(labs: Iterable[Running]) -> list[float]:
    """MiB (PSS) of each lab: every process in its container, and podman's monitor of it."""
    return [_weight(running.process) for running in labs]


def _weight(first: int) -> float:
    process = psutil.Process(first)
    family = [process, *process.children(recursive=True)]
    monitor = process.parent()
    if monitor and monitor.name() == "conmon":
        family.append(monitor)
    return sum(memory.pss(p.pid) for p in family)


def _fit(bare: Sequence[float], with_kernel: Sequence[float]) -> Figure:
    each, more = median(bare), median(with_kernel)
    return at_least(
        "idle labs that fit into 20 GiB (PSS of each lab's processes and its monitor)",
        _NODE_MIB // each,
        350,
        unit="labs",
        floor=None,
        spread=f"{each:.1f} MiB each of {len(bare)}; frozen with one kernel each {more:.1f} MiB, "
        f"so {_NODE_MIB // more:.0f} labs",
    )
