"""The bare mirror of a course's repository: the one place that the network fills."""

import contextlib
import re
import shutil
from pathlib import Path

from nbh_courses import sources
from nbh_courses.git_program import Git, GitFailed, GitSlow, Say
from nbh_proto.course import CourseReason

_BRANCHES = "+refs/heads/*:refs/heads/*"
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")

_REASONS: tuple[tuple[str, CourseReason], ...] = (
    (r"(?i)authentication failed|could not read username|permission denied|403", "authentication"),
    (r"(?i)no space left|disk quota", "disk-full"),
    (r"(?i)file size limit|file too large|max-input-size|SIGXFSZ", "too-big"),
    (r"(?i)fsck|corrupt|unresolved deltas|bad object|not a git repository", "unreadable"),
)


class FetchFailed(Exception):
    """A repository could not be fetched; ``str()`` is for the operator."""

    def __init__(self, reason: CourseReason, detail: str) -> None:
        super().__init__(detail)
        self.reason: CourseReason = reason


class Mirror:
    """A course's ``mirror.git``."""

    def __init__(self, folder: Path, git: Git, *, within: float, max_bytes: int) -> None:
        self.folder = folder
        self._git = git
        self._within = within
        self._max_bytes = max_bytes

    async def fetch(self, url: str, branch: str, say: Say) -> str:
        """Fetch all branches; return the commit of ``branch`` (empty: the default branch).

        URL and branch must have passed `nbh_courses.sources`.

        Raises:
            FetchFailed: and what was fetched before is still there.
        """
        try:
            if not (self.folder / "HEAD").exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                await self._run("init", "--quiet", "--bare", "--initial-branch=main")
            wanted = branch or await self._default_branch(url)
            say(f"fetching {url}")
            await self._run(
                *("fetch", "--progress", "--prune", "--no-tags", "--no-auto-maintenance"),
                *("--", url, _BRANCHES),
                say=say,
            )
            self._check_size()
            return await self._commit_of(wanted)
        except GitSlow as e:
            raise FetchFailed("slow", str(e)) from e
        except GitFailed as e:
            raise FetchFailed(reason_of(str(e)), str(e)) from e

    async def _default_branch(self, url: str) -> str:
        said = await self._run("ls-remote", "--symref", "--", url, "HEAD")
        found = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", said, re.MULTILINE)
        # a detached or missing HEAD: what most repositories call it
        branch = found[1] if found else "main"
        try:
            sources.check_branch(branch)
        except sources.Refused as e:
            raise FetchFailed(e.reason, str(e)) from e
        return branch

    async def _commit_of(self, branch: str) -> str:
        try:
            commit = await self._run(
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                f"refs/heads/{branch}^{{commit}}",
            )
        except GitFailed as e:
            raise FetchFailed("no-branch", f"there is no branch {branch}") from e
        if not _COMMIT.fullmatch(commit):
            raise FetchFailed("unreadable", f"{commit!r} is no commit")
        # what a clone of the mirror checks out (C2)
        await self._run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        return commit

    def _check_size(self) -> None:
        size = sum(p.stat().st_size for p in self.folder.rglob("*") if p.is_file())
        if size > self._max_bytes:
            with contextlib.suppress(OSError):
                shutil.rmtree(self.folder)
            raise FetchFailed("too-big", f"{size} bytes; courses.max_bytes is {self._max_bytes}")

    async def _run(self, *words: str, say: Say | None = None) -> str:
        return await self._git.run(self.folder, *words, within=self._within, say=say)


def reason_of(said: str) -> CourseReason:
    """What git's words mean."""
    for pattern, reason in _REASONS:
        if re.search(pattern, said):
            return reason
    return "unreachable"
