"""Brings the submodules of a course where they are allowed: each at its commit, as plain files."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from nbh_courses import disk, submodules, tree
from nbh_courses.failure import CourseError
from nbh_courses.git_program import Say
from nbh_courses.nodes import File, Folder
from nbh_courses.record import Record
from nbh_courses.repositories import FETCHED, Repositories
from nbh_courses.settings import MAX_BYTES
from nbh_courses.shelf import Place


class Brought(NamedTuple):
    """What is there of a commit's submodules."""

    environment: Mapping[str, str] = {}
    """What git needs besides to read them."""

    commits: frozenset[bytes] = frozenset()
    problems: tuple[str, ...] = ()


NONE = Brought()


def found(place: Place, commits: Iterable[bytes], problems: Iterable[str] = ()) -> Brought:
    """What was brought of a course's submodules, at some time."""
    brought = frozenset(commits)
    objects = str(_beside(place) / "objects")
    environment = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": objects} if brought else {}
    return Brought(environment, brought, tuple(problems))


def _beside(place: Place) -> Path:
    return place.folder / "submodules.git"


class SubmoduleFetching:
    """Fetches into a repository beside the mirror: students' clones of that stay as they are."""

    def __init__(
        self, repositories: Repositories, environment: Mapping[str, str], *, local: bool
    ) -> None:
        self._repositories = repositories
        self._environment = environment
        self._local = local

    async def bring(self, record: Record, place: Place, say: Say) -> Brought:
        """What a course's last fetched commit pins, if it may; a failure is told and no more.

        Raises:
            CourseError: the commit cannot be read.
            Stopping: we are leaving.
        """
        beside = _beside(place)
        if not record.submodules:
            await asyncio.to_thread(disk.remove, beside)
            return NONE
        root, named = await asyncio.to_thread(self._read, place.mirror)
        problems: list[str] = []
        listed = await self._listed(place.mirror, problems) if named else ""
        judged = submodules.judge(root, listed, record.giturl, local=self._local)
        brought: list[bytes] = []
        problems += judged.problems
        for wanted in judged.wanted:
            try:
                await say(f"fetching {wanted.path} from {wanted.url}")
                await self._repositories.fetch_commit(beside, wanted.url, wanted.commit, say)
                brought.append(bytes.fromhex(wanted.commit))
            except CourseError as e:
                problems.append(submodules.problem(wanted.path, e))
        return found(place, brought, problems)

    async def _listed(self, mirror: Path, problems: list[str]) -> str:
        try:
            return await self._repositories.listed(mirror, submodules.FILE)
        except CourseError as e:
            problems.append(f"{submodules.FILE}: {e.detail}")
            return ""

    def _read(self, mirror: Path) -> tuple[Folder, bool]:
        with tree.opened(mirror, self._environment) as reader:
            root = reader.folder(reader.commit(FETCHED))
            file = root.get(submodules.FILE)
            return root, isinstance(file, File) and reader.size(file) <= MAX_BYTES
