"""What a machine lacks is named, with the one command that installs it."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from nbh_cli.up import reach
from nbh_cli.up.children import Program, become

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")

REPOSITORY = Path(__file__).parents[2]


async def said(*argv, **environment):
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, out.decode(), err.decode()


def nbh(*words):
    return (sys.executable, "-m", "nbh_cli", *words)


async def test_programs_that_are_missing_are_named_with_their_packages():
    status, out, _ = await said(*nbh("host", "check", "--json"), PATH="/nonexistent")
    missing = {
        row["missing"]: row["package"] for line in out.splitlines() if (row := json.loads(line))
    }
    assert status == 1
    assert missing["podman"] == "podman"
    assert missing["newuidmap"] in ("uidmap", "shadow-utils")


async def test_the_command_that_installs_them_is_told():
    status, out, _ = await said(*nbh("host", "check"), PATH="/nonexistent")
    assert status == 1
    assert "To install them: " in out
    assert "podman" in out.partition("To install them: ")[2]


@needs_root
async def test_a_demo_of_an_ordinary_user_says_the_one_command_to_run(tmp_path):
    status, _, err = await said(*demo_of_an_ordinary_user(tmp_path), PATH="/nonexistent")
    assert status == 1
    assert "missing on this machine: podman" in err
    assert "install them with: sudo " in err


@needs_root
@pytest.mark.podman
async def test_an_ordinary_user_with_podman_is_told_that_the_demo_needs_root(tmp_path):
    told = await said(*demo_of_an_ordinary_user(tmp_path))
    assert told == (1, "", "nbh: labs run in podman, as root: run sudo make demo\n")


def demo_of_an_ordinary_user(folder):
    program = Program(
        "demo",
        nbh("demo", "--folder", str(folder / "demo")),
        uid=64196,
        show=reach.behind_barriers((*reach.code(), REPOSITORY)),
    )
    return become(program, dies_by=signal.SIGKILL)
