"""An operator gives people accounts, and they sign in, through the whole running system."""

import asyncio
import json
import os
import pty
import re
import sys

import httpx2
import pytest

from nbh_kit import sessions
from nbh_kit.testing import eventually
from tests.system import Failed, running_system

PASSWORD = "typed by an operator"


@pytest.fixture
async def system(tmp_path):
    async with running_system(tmp_path, engine="memory") as running:
        yield running


async def _typed(system, *words, lines):
    """A command on a terminal where somebody types; what was shown, and the exit status."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nbh_cli", *words, "--config", str(system.config_file)),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(theirs), os.O_RDWR)),
    )
    os.close(theirs)
    shown = ""
    with os.fdopen(ours, "rb+", buffering=0) as terminal:
        for prompt, line in lines:
            while prompt not in shown:
                shown += (await asyncio.to_thread(terminal.read, 1024)).decode()
            terminal.write(f"{line}\n".encode())
        try:
            while said := await asyncio.to_thread(terminal.read, 1024):
                shown += said.decode()
        except OSError:  # EIO: nobody has the other end any more
            pass
    return shown, await process.wait()


async def _piped(system, *words, text):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nbh_cli", *words, "--config", str(system.config_file)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(text.encode())
    return said.decode(), process.returncode


class _Browser(httpx2.AsyncClient):
    """At the staff's origin, through Traefik. It is told of the cookie by hand, as an HTTP client
    keeps a `Secure` one to https."""

    def __init__(self, system):
        super().__init__(
            base_url=system.config.origins.ui, headers={"Accept": "text/html"}, trust_env=False
        )

    async def sign_in(self, name, password):
        answer = await self.post("/login", data={"name": name, "password": password})
        if cookie := answer.headers.get("set-cookie"):
            self.headers["Cookie"] = cookie.partition(";")[0]
        return answer.status_code


async def test_from_an_account_to_its_end(system):
    await system.new_course("lesson")
    made = await system.nbh(
        *("account", "add", "ada", "--role", "teacher", "--course", "lesson", "--generate")
    )
    (password,) = re.findall(r"Password  (\S+)", made)
    assert f"Sign-in   {system.config.origins.ui}/login" in made
    said, status = await _typed(
        system,
        *("account", "add", "bob", "--role", "staff"),
        lines=[("New password of bob: ", PASSWORD), ("Again: ", PASSWORD)],
    )
    assert (status, PASSWORD in said) == (0, False), said

    listed = [
        json.loads(line)
        for line in (await system.nbh("account", "list", "--json")).split("\n")
        if line
    ]
    assert [(a["account"], a["role"], a["courses"]) for a in listed] == [
        ("ada", "teacher", ["lesson"]),
        ("bob", "staff", []),
    ]
    assert "argon2" not in str(listed)

    async with _Browser(system) as ada, _Browser(system) as bob:
        assert (await ada.get("/account")).headers["location"] == "/login?next=%2Faccount"
        assert await ada.sign_in("ada", password) == 303
        assert await bob.sign_in("bob", PASSWORD) == 303
        await system.nbh("course", "rename", "lesson", "course")
        assert ">course</a></li>" in (await ada.get("/account")).text
        await system.nbh("course", "delete", "course", "--yes")
        assert "<li>" not in (await ada.get("/account")).text
        assert (await bob.get("/account")).status_code == 200

        said, status = await _piped(
            system, "account", "passwd", "bob", text="another password\nand no more\n"
        )
        assert status == 0, said
        assert (await bob.get("/account")).status_code == 303
        assert await bob.sign_in("bob", PASSWORD) == 403
        assert await bob.sign_in("bob", "another password") == 303
        await system.nbh("account", "remove", "bob")
        assert (await bob.get("/account")).status_code == 303
        for origin in (system.config.origins.content, system.config.origins.share):
            host = {"Host": origin.removeprefix("http://")}
            assert (await ada.get("/login", headers=host)).status_code == 404

    told = await system.nbh("events", "--last", "100")
    for kind in ("added", "signed-in", "refused", "changed", "removed"):
        assert f"account.{kind}" in told
    for secret in (password, PASSWORD, "another password", "argon2", sessions.COOKIE):
        assert secret not in told

    async def is_forgotten():
        pattern = "nbh.command.account.>"
        kept = await system.bus.js.stream_info("COMMANDS", subjects_filter=pattern)
        return not kept.state.subjects

    await eventually(is_forgotten)  # a hash is not kept for longer than it takes to hear it


async def test_what_cannot_be_is_said_in_words(system):
    await system.nbh("account", "add", "ada", "--role", "staff", "--generate")
    for words, why in (
        (("add", "ada", "--role", "staff", "--generate"), "there is an account ada"),
        (("add", "a b", "--role", "staff", "--generate"), "not the name of an account"),
        (("add", "eve", "--role", "teacher", "--generate"), "one course at least"),
        (("add", "eve", "--role", "teacher", "--course", "r", "--generate"), "no course r"),
        (("add", "eve", "--role", "staff", "--course", "r", "--generate"), "for teachers"),
        (("set", "ada"), "nothing to set"),
        (("set", "eve", "--role", "staff"), "no account eve"),
        (("passwd", "eve", "--generate"), "no account eve"),
        (("remove", "eve"), "no account eve"),
    ):
        with pytest.raises(Failed, match=why):
            await system.nbh("account", *words)
    for text, why in (
        ("", "at least 12"),
        ("short\n", "at least 12"),
        ("aaaaaaaaaaaaa\n", "first"),
    ):
        said, status = await _piped(system, "account", "passwd", "ada", text=text)
        assert status == 2
        assert why in said
    said, status = await _typed(
        system,
        *("account", "passwd", "ada"),
        lines=[("New password of ada: ", PASSWORD), ("Again: ", "another password")],
    )
    assert status == 1
    assert "two different passwords" in said
