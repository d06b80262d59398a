"""A teacher's git repository, made of the example course."""

import os
import shutil
from pathlib import Path

from nbh_cli.host.running import run
from nbh_kit import programs

_TEACHER = {
    "GIT_AUTHOR_NAME": "A teacher",
    "GIT_AUTHOR_EMAIL": "teacher@example.org",
    "GIT_COMMITTER_NAME": "A teacher",
    "GIT_COMMITTER_EMAIL": "teacher@example.org",
    # whatever this person's own git does (hooks, signatures) is not the demo's
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


async def publish(course: Path, repository: Path) -> None:
    """Commit what is in the folder ``course``, if it is not what was committed last.

    Raises:
        CommandFailed: git failed.
    """
    repository.mkdir(parents=True, exist_ok=True)
    if not (repository / ".git").exists():
        await _git(repository, "init", "--quiet", "--initial-branch=main")
    _copy(course, repository)
    await _git(repository, "add", "--all")
    if await _git(repository, "status", "--porcelain"):
        await _git(repository, "commit", "--quiet", "--message", "The lesson on daylight")


def _copy(course: Path, repository: Path) -> None:
    for there in repository.iterdir():
        if there.name != ".git":
            shutil.rmtree(there) if there.is_dir() else there.unlink()
    left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    shutil.copytree(course, repository, dirs_exist_ok=True, ignore=left_out)


async def _git(repository: Path, *words: str) -> str:
    return await run(
        (str(programs.find("git")), "-C", str(repository), *words),
        what=f"git {words[0]}",
        say=lambda _: None,
        environment=_TEACHER,
    )
