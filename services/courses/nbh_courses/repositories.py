"""Each course's bare repository: what is asked of the other side, and what is kept here."""

import re
from pathlib import Path
from typing import NamedTuple

from nbh_courses.addresses import is_branch
from nbh_courses.egress import Egress, Target
from nbh_courses.failure import CourseError
from nbh_courses.git_program import Git, Say
from nbh_courses.heads import Heads

FETCHED = "refs/nbh/fetched"
"""What came last. Branches show only what is published: students' clones follow them (C2)."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_USUAL = ("main", "master")
_LEFT_BY_A_KILL = ("*.lock", "refs/**/*.lock", "gc.pid", "objects/pack/tmp_*", "objects/tmp_*")


class Tip(NamedTuple):
    """Where a branch of the other side stands."""

    commit: str
    branch: str
    """Its name; a guess where the other side does not tell the name of its default branch."""

    ref: str
    """What to fetch: the branch, or HEAD where the default one is wanted."""


class Repositories:
    """Git's verbs, as far as they are needed here."""

    def __init__(self, git: Git, egress: Egress, heads: Heads) -> None:
        self._git = git
        self._egress = egress
        self._heads = heads

    async def is_still_at(self, url: str, branch: str, commit: str) -> bool:
        """Whether a branch certainly stands where it stood; False if it has to be looked at.

        Raises:
            CourseError: the URL leads into a private network, or nowhere.
        """
        where = await self._egress.checked(url)
        return where is not None and await self._heads.head(url, branch, where) == commit

    async def tip(self, url: str, branch: str, folder: Path) -> Tip:
        """Where a branch stands right now; empty for the default one.

        Raises:
            CourseError: the other side has no such branch, or cannot be asked.
        """
        ref = f"refs/heads/{branch}" if branch else "HEAD"
        where = await self._egress.checked(url)
        listed = await self._git.run(
            "ls-remote", "--symref", "--", url, ref, folder=folder, to=where
        )
        commit = _commit(listed, ref)
        if commit is None:
            raise CourseError("no-branch", _no_branch(branch))
        return Tip(commit, branch or await self._default(listed, url, commit, folder, where), ref)

    async def _default(
        self, listed: str, url: str, commit: str, folder: Path, where: Target | None
    ) -> str:
        if found := re.search(r"^ref: refs/heads/(\S+)\tHEAD$", listed, re.MULTILINE):
            return found[1] if is_branch(found[1]) else _USUAL[0]
        # A bundle does not say which branch its HEAD is: one that stands where HEAD stands.
        heads = await self._git.run("ls-remote", "--heads", "--", url, folder=folder, to=where)
        at_head = re.findall(rf"^{commit}\trefs/heads/(\S+)$", heads, re.MULTILINE)
        known = [name for name in at_head if is_branch(name)]
        return next((name for name in (*_USUAL, *known) if name in known), _USUAL[0])

    async def fetch(self, mirror: Path, url: str, tip: Tip, say: Say) -> None:
        """Bring a branch into `FETCHED`, whatever was there; history may have been rewritten.

        Raises:
            CourseError: it does not come, or not whole.
        """
        await self._make_sure_of(mirror)
        await self._git.run(
            "fetch",
            *("--progress", "--force", "--no-tags", "--no-write-fetch-head", "--no-auto-gc"),
            *("--no-recurse-submodules", "--refmap=", "--"),
            *(url, f"+{tip.ref}:{FETCHED}"),
            folder=mirror,
            say=say,
            to=await self._egress.checked(url),
        )

    async def fetch_commit(self, repository: Path, url: str, commit: str, say: Say) -> None:
        """Have one commit, without its history, in a repository of its own.

        Raises:
            CourseError: it does not come.
        """
        where = await self._egress.checked(url)
        await self._make_sure_of(repository)
        await self._git.run(
            "fetch",
            *("--progress", "--force", "--no-tags", "--no-write-fetch-head", "--no-auto-gc"),
            *("--depth=1", "--no-recurse-submodules", "--refmap=", "--"),
            *(url, f"+{commit}:refs/nbh/{commit}"),
            folder=repository,
            say=say,
            to=where,
        )

    async def listed(self, mirror: Path, file: str) -> str:
        """What git reads in a configuration file of what came last; it includes no other.

        Raises:
            CourseError: it is none.
        """
        blob = f"{FETCHED}:{file}"
        words = ("config", "--blob", blob, "--no-includes", "--null", "--list")
        return await self._git.run(*words, folder=mirror)

    async def _make_sure_of(self, mirror: Path) -> None:
        mirror.mkdir(exist_ok=True)
        mirror.chmod(0o755)
        _sweep(mirror)
        await self._git.run("init", "--quiet", "--bare", "--template=", folder=mirror)

    async def show(self, mirror: Path, branch: str, commit: str) -> None:
        """Have students' clones find this commit, as the only branch and as the default one.

        Raises:
            CourseError: git cannot write it down.
        """
        _sweep(mirror)
        ref = f"refs/heads/{branch}"
        heads = await self._git.run(
            "for-each-ref", "--format=%(refname)", "refs/heads", folder=mirror
        )
        for other in set(heads.split()) - {ref}:
            await self._git.run("update-ref", "-d", other, folder=mirror)
        await self._git.run("update-ref", ref, commit, folder=mirror)
        await self._git.run("symbolic-ref", "HEAD", ref, folder=mirror)

    async def tidy(self, mirror: Path) -> None:
        """Pack anew what many fetches left, when git finds it is time.

        Raises:
            CourseError: git could not.
        """
        await self._git.run("gc", "--auto", "--quiet", folder=mirror)


def _commit(listed: str, ref: str) -> str | None:
    for line in listed.splitlines():
        commit, _, name = line.partition("\t")
        if name == ref and _COMMIT.fullmatch(commit):
            return commit
    return None


def _no_branch(branch: str) -> str:
    return f"there is no branch {branch}" if branch else "the repository is empty"


def _sweep(mirror: Path) -> None:
    """Remove what a git that was killed left; nobody else works here."""
    for pattern in _LEFT_BY_A_KILL:
        for left in mirror.glob(pattern):
            if not left.is_dir():
                left.unlink(missing_ok=True)
