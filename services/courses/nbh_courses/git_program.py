"""Runs the git program in a closed environment, with fixed arguments (S-43).

Nothing of this machine's or anybody's configuration is read, no hook, filter, prompt or helper
runs, only https and ssh are spoken (and paths where the site allows them).
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

from nbh_kit import programs

Say = Callable[[str], None]
"""Hears each line of progress."""

_CPU_SECONDS = 600
_LAST_WORDS = 4000

_NEVER = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.askPass=/bin/false",
    "credential.helper=",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    "filter.lfs.smudge=",
    "filter.lfs.process=",
    "gc.auto=0",
    "http.followRedirects=false",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "transfer.fsckObjects=true",
)


class GitFailed(Exception):
    """Git ended with an error; ``str()`` is the last of what it said."""


class GitSlow(GitFailed):
    """Git took too long and was ended."""


class Git:
    """The git program."""

    def __init__(self, home: Path, *, local: bool, max_bytes: int) -> None:
        """Take what the site allows.

        Args:
            home: a folder of ours, for git's only configuration file.
            local: whether repositories of this machine may be read.
            max_bytes: no file that git writes becomes larger.
        """
        self._environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "GIT_ALLOW_PROTOCOL": "https:ssh:file" if local else "https:ssh",
            "GIT_ASKPASS": "/bin/false",
            "GIT_CONFIG_GLOBAL": str(_trust(home)) if local else "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes",
            "GIT_TERMINAL_PROMPT": "0",
            # a certificate authority of the operator's, if there is one
            **{k: os.environ[k] for k in ("SSL_CERT_FILE", "GIT_SSL_CAINFO") if k in os.environ},
        }
        self._limits = (
            str(programs.find("prlimit")),
            f"--fsize={max_bytes}",
            f"--cpu={_CPU_SECONDS}",
            "--core=0",
        )
        self._git = str(programs.find("git"))

    async def run(
        self, repository: Path, *words: str, within: float, say: Say | None = None
    ) -> str:
        """Run a git command on a bare repository and return what it printed.

        Raises:
            GitFailed: it did not succeed.
            GitSlow: not within so many seconds.
        """
        options = [o for setting in _NEVER for o in ("-c", setting)]
        process = await asyncio.create_subprocess_exec(
            *self._limits,
            self._git,
            *options,
            f"--git-dir={repository}",
            *words,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(within):
                said, out = await asyncio.gather(
                    _listen(process.stderr, say), _all_of(process.stdout)
                )
                code = await process.wait()
        except TimeoutError as e:
            raise GitSlow(f"git {words[0]} took longer than {within:.0f} s") from e
        finally:
            _end(process)
        if code:
            raise GitFailed(said or f"git {words[0]} ended with {code}")
        return out


def _trust(home: Path) -> Path:
    """Let git read repositories of other users of this machine, as a teacher's clone is one.

    Only from a file: what is given with -c does not reach the program that reads them.
    """
    file = home / ".gitconfig"
    home.mkdir(parents=True, exist_ok=True)
    file.write_text("[safe]\n\tdirectory = *\n")
    return file


async def _all_of(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await stream.read()).decode(errors="replace").strip()


async def _listen(stream: asyncio.StreamReader | None, say: Say | None) -> str:
    """Pass progress on, line by line; return the last of it."""
    assert stream is not None
    said = ""
    while chunk := await stream.read(4096):
        said = (said + chunk.decode(errors="replace").replace("\r", "\n"))[-_LAST_WORDS:]
        if say is not None:
            for line in chunk.decode(errors="replace").replace("\r", "\n").splitlines():
                if line.endswith(("done.", "done")):
                    say(line.strip())
    return said.strip()


def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        # its helpers (git-remote-https, index-pack) are in its session
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
