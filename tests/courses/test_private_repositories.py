"""A repository that not everybody may read: a deploy key over ssh, and what is said without."""

import asyncio
import os
import shlex
from contextlib import asynccontextmanager

import asyncssh
import pytest

from nbh_kit.config import Config
from nbh_proto import CommandFailed, CreateCourse, PullCourse
from tests.courses import git_server
from tests.courses.service import carried_out, done
from tests.courses.teacher import LESSON, Teacher, published


class Forge:
    """An ssh server that lets in whoever has its key, to fetch and nothing else."""

    def __init__(self) -> None:
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.url = ""

    @asynccontextmanager
    async def listening(self):
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            authorized_client_keys=asyncssh.import_authorized_keys(
                self.key.export_public_key().decode()
            ),
            process_factory=self._fetched,
            encoding=None,
        )
        async with server:
            self.url = f"ssh://git@127.0.0.1:{server.get_port()}"
            yield

    async def _fetched(self, asked) -> None:
        program, folder = shlex.split(asked.command)
        assert program == "git-upload-pack"
        upload = await asyncio.create_subprocess_exec(
            *("git", "-c", "safe.directory=*", "upload-pack", folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        hearing = asyncio.create_task(_carried(asked.stdin, upload.stdin))
        await _carried(upload.stdout, asked.stdout)
        hearing.cancel()
        asked.exit(await upload.wait())


async def _carried(come, go) -> None:
    while chunk := await come.read(65536):
        go.write(chunk)


@pytest.fixture
async def forge():
    """One that listens."""
    made = Forge()
    async with made.listening():
        yield made


def give_key(service, key):
    """What docs/courses.md tells an operator to do."""
    ssh = service.courses / ".ssh"
    ssh.mkdir(mode=0o700)
    (ssh / "key").touch(mode=0o600)
    (ssh / "key").write_bytes(key.export_private_key())
    if os.getuid() == 0:
        for path in (ssh, ssh / "key"):
            os.chown(path, Config().uid_of("courses"), Config().uid_of("courses"))


async def refused(bus, command):
    last = (await carried_out(bus, command))[-1]
    assert isinstance(last, CommandFailed), last
    return last


async def test_with_the_sites_key_a_course_comes_over_ssh(service, bus, teacher, forge):
    """The service's user has no account on this machine, without which ssh does nothing."""
    url = f"{forge.url}{teacher.folder}"
    teacher.push(LESSON)
    async with service.running():
        without = await refused(bus, CreateCourse(course="py", giturl=url))
        assert without.reason == "authentication"
        assert without.detail.startswith("it is private, or not there")
        give_key(service, forge.key)
        await done(bus, CreateCourse(course="py", giturl=url))
        teacher.push(LESSON | {"n.md": "new"})
        await done(bus, PullCourse(course="py"))
        current = (service.courses / "py" / "current").resolve()
        assert published(current)["notebooks/n.md"] == b"new"
        known = service.courses / ".ssh" / "known_hosts"
        names = {line.split()[0] for line in known.read_text().splitlines()}
        another = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        known.write_text("".join(f"{name} {another}" for name in names))
        last = await refused(bus, PullCourse(course="py"))
        assert last.reason == "authentication"
        assert last.detail.startswith("the forge has another key than the one in .ssh")


async def test_a_private_repository_over_https_says_what_it_needs(
    service, bus, open_folder, monkeypatch
):
    Teacher(open_folder / "repositories" / "private" / "course.git").push(LESSON)
    pem = git_server.certificate(open_folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(open_folder / "c.pem"))
    async with git_server.forge(open_folder / "repositories", pem) as url, service.running():
        last = await refused(bus, CreateCourse(course="py", giturl=f"{url}/private/course.git"))
    assert last.reason == "authentication"
    assert last.detail.startswith("it is private, or not there (docs/courses.md")
    assert not (service.courses / "py").exists()
