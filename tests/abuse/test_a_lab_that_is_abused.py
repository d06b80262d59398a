"""A lab that is abused from a notebook hurts nobody but itself (S-38): the neighbour's kernel
answers, a click opens a notebook, the services answer, and what the lab was refused is told.

How fast they answer is measured in `make bench`.
"""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from nbh_kit.testing import eventually
from tests.abuse.abuses import ABUSES, OF_JUPYTER_ITSELF, PREPARATION
from tests.abuse.conftest import MEMORY, PROCESSES
from tests.abuse.kernel import kernel_of
from tests.abuse.watching import COURSE, NEIGHBOUR, NOTEBOOK, watching
from tests.bench.figures import percentile
from tests.e2e.student import Student

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]

ABUSER = "abuser"
PATIENCE = 5.0
"""Seconds that a person waits without a doubt, on a machine that does other things, too."""

REFUSED = {"a fork bomb": ("processes", PROCESSES), "all memory": ("memory", MEMORY)}
MOST_OF_A_LOG = 2 * 1024**2
LOST = {"all memory"}
"""The abuses that a kernel does not survive."""


async def opened(system, stack, name):
    """A student who has opened their notebook."""
    student = Student(system.link(COURSE, NOTEBOOK, name))
    stack.push_async_callback(student.close)
    await student.open()
    return student


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def neighbour(system):
    """A neighbour's kernel, that has computed something."""
    async with AsyncExitStack() as stack:
        student = await opened(system, stack, NEIGHBOUR)
        kernel = await stack.enter_async_context(kernel_of(student))
        await kernel.run("x = 41")
        yield kernel


@pytest.mark.parametrize("abuse", ABUSES)
async def test_the_neighbour_and_the_services_answer_meanwhile(system, neighbour, abuse):
    async with AsyncExitStack() as stack:
        abuser = await opened(system, stack, ABUSER)
        kernel = await stack.enter_async_context(kernel_of(abuser))
        async with watching(system, neighbour) as seen:
            said = await kernel.run(PREPARATION + ABUSES[abuse])
        assert said.died is (abuse in LOST), said.text
        for answers in (seen.kernel, seen.click, seen.service):
            assert len(answers) > 3
            assert percentile(answers, 0.9) < PATIENCE
        memory, processes = seen.most(ABUSER)
        assert memory <= MEMORY * 1.05  # version 1 of control groups counts in batches
        assert processes <= PROCESSES
        assert await _log_bytes(system) < MOST_OF_A_LOG
        # it is as good as new: with another kernel if that one is lost
        again = await stack.enter_async_context(kernel_of(abuser))
        assert (await again.run("6 * 7")).text == "42"
    assert (await neighbour.run("x + 1")).text == "42"
    if abuse in REFUSED:
        assert await eventually(lambda: _told(system, *REFUSED[abuse]), within=60)


async def _log_bytes(system):
    """What the abuser's lab has written to its output and podman keeps."""
    (container,) = await system.containers(COURSE, ABUSER)
    process = await asyncio.create_subprocess_exec(
        *("podman", "--url", f"unix://{system.config.podman_socket}", "inspect"),
        *("--format", "{{.HostConfig.LogConfig.Path}}", container["Id"]),
        stdout=asyncio.subprocess.PIPE,
    )
    path, _ = await process.communicate()
    return Path(path.decode().strip()).stat().st_size


async def _told(system, of, limit):
    """Whether the statistics have it that the abuser's lab was refused more than that."""
    question = ("--kind", "lab.ran-short", "--student", ABUSER, "--json")
    said = await system.nbh("stats", "events", *question)
    details = [json.loads(line)["detail"] for line in said.splitlines()]
    return any((told["of"], told["limit"]) == (of, limit) for told in details)


async def test_a_lab_that_dies_of_it_is_told_so_and_the_next_click_gives_another(system):
    async with AsyncExitStack() as stack:
        abuser = await opened(system, stack, "greedy")
        kernel = await stack.enter_async_context(kernel_of(abuser))
        before, url = abuser.lab, await abuser.open()
        assert (await kernel.run(PREPARATION + OF_JUPYTER_ITSELF)).died
        (stopped,) = await eventually(
            lambda: system.events("lab.stopped", student="greedy"), within=30
        )
        assert stopped["reason"] == "out-of-memory"
        # who comes back to where it was reads why
        await eventually(lambda: _is_told_why(abuser, url), within=20)
        await abuser.open()
        assert abuser.lab != before


async def _is_told_why(student, url):
    return "ran out of memory" in await student.reads(url)
