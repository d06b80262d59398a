"""What is to be taken over, and what cannot be. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from nbh_cli.original.database import Database, Row
from nbh_cli.original.root import Repository, Root, is_no_longer_read
from nbh_cli.units import counted
from nbh_proto import CreateCourse, names
from nbh_proto.course import Changes

_ID_RULE = "letters, digits, '_', '.', '-', at most 128, none of '.-' first"


class NotTaken(NamedTuple):
    """Something that does not come over."""

    what: str
    why: str
    advice: str
    """What its operator can do about it."""


class Plan(NamedTuple):
    """What is to be done."""

    courses: tuple[CreateCourse, ...]
    builds: tuple[str, ...]
    """The courses that had an image of their own."""

    documented: tuple[str, ...]
    """The courses whose documentation was built at each push."""

    students: Path
    """The folder of all students there."""

    workspaces: tuple[tuple[str, str], ...]
    """(student, course)."""

    statistics: tuple[tuple[str, Path], ...]
    """(course, file)."""

    local: Path
    """The folder of the operator's own files there."""

    overrides: tuple[tuple[str, Path], ...]
    """(course, file)."""

    not_taken: tuple[NotTaken, ...]


def made(root: Root, only: Collection[str] = ()) -> Plan:
    """Decide about everything that was found; ``only`` are the courses that are wanted, if not
    all of them are."""
    planning = _Planning(root, frozenset(only))
    return Plan(
        courses=tuple(planning.courses()),
        builds=tuple(planning.builds()),
        documented=tuple(planning.documented()),
        students=root.students.folder,
        workspaces=tuple(planning.workspaces()),
        statistics=tuple(planning.statistics()),
        local=root.folder / "local",
        overrides=tuple(planning.overrides()),
        not_taken=tuple(planning.not_taken),
    )


class _Planning:
    """Goes through what was found; notes what cannot be taken on its way."""

    def __init__(self, root: Root, only: frozenset[str]) -> None:
        self.not_taken: list[NotTaken] = []
        self._root = root
        self._only = only
        self._database = root.database or Database()
        self._rows = {row.name: row for row in self._database.courses}
        self._known = {*self._rows, *(n for n, r in root.repositories.items() if r)}
        self._note_what_nobody_takes()

    def courses(self) -> Iterator[CreateCourse]:
        for name in sorted(self._known):
            if not self._is_wanted(name):
                continue
            row, repository = self._rows.get(name), self._root.repositories.get(name)
            if not _is_id(name):
                self._leave(
                    f"course {name}",
                    f"not the name of a course here: {_ID_RULE}",
                    "rename it there with `nbh-manage course-rename` and import again",
                )
            elif url := (row and row.giturl) or (repository and repository.giturl):
                yield self._course(name, url, row, repository)
            else:
                self._leave(
                    f"course {name}",
                    "it has no git URL",
                    f"push its files to a forge, then `nbh course create {name} URL`",
                )

    def builds(self) -> Iterator[str]:
        for name in sorted(filter(self._is_taken, self._known)):
            row, repository = self._rows.get(name), self._root.repositories.get(name)
            if row and row.image not in ("", name):
                continue
            has_file = repository is not None and repository.has_dockerfile
            if has_file or self._has_own_dockerfile(name):
                yield name
            elif row and row.image == name:
                self._leave(
                    f"image of course {name}",
                    "it had one of its own, and there is no Dockerfile of it",
                    "its labs run the site's image until it has a Dockerfile, or "
                    f"`nbh course set {name} --image …`",
                )

    def documented(self) -> Iterator[str]:
        rows = (self._rows[name] for name in sorted(self._rows))
        yield from (row.name for row in rows if row.autobuild and self._is_taken(row.name))

    def workspaces(self) -> Iterator[tuple[str, str]]:
        unknown: Counter[str] = Counter()
        strange: Counter[str] = Counter()
        for student, course in self._root.students.workspaces:
            if not self._is_wanted(course):
                continue
            if not _is_id(student):
                strange[student] += 1
            elif not _is_id(course) or course not in self._known | self._only:
                unknown[course] += 1
            else:
                yield student, course
        self._note_strange_students(strange)
        for course, number in sorted(unknown.items()):
            self._leave(f"{counted(number, 'workspace')} of {course}", *_why_unknown(course))

    def statistics(self) -> Iterator[tuple[str, Path]]:
        for course, file in self._root.statistics:
            if not self._is_wanted(course):
                continue
            if _is_id(course):
                yield course, file
            else:
                self._leave(f"statistics in {file}", *_why_unknown(course))

    def overrides(self) -> Iterator[tuple[str, Path]]:
        for course, files in sorted(self._root.overrides.items()):
            if not self._is_wanted(course) or not _is_id(course):
                continue
            for file in files:
                if is_no_longer_read(file):
                    why = "nbhosting 0.59 itself did not read it any more (G11)"
                    self._leave(str(file), why, "say the same in nbhosting.yaml")
                else:
                    yield course, file

    def _course(
        self, name: str, url: str, row: Row | None, repository: Repository | None
    ) -> CreateCourse:
        if row is None:
            self._leave(
                f"settings of course {name}",
                "the database does not have it" if self._root.database else "there is no database",
                f"it is taken with the site's: see `nbh course show {name}`",
            )
        branch = repository.branch if repository else ""
        changes = self._changes(name, row) if row else Changes()
        return CreateCourse(course=name, giturl=url, branch=branch, changes=changes)

    def _changes(self, name: str, row: Row) -> Changes:
        return Changes(
            image="" if row.image == name else row.image,
            autopull=row.autopull,
            archived=row.archived,
            autobuild=row.autobuild,
            staff=tuple(self._staff(name, row)),
            groups=tuple(self._ids(f"group of course {name}", row.groups)),
        )

    def _staff(self, name: str, row: Row) -> Iterator[str]:
        """With the members of its groups: nobody here knows yet who they are."""
        what = f"staff of course {name}"
        plain = [word for word in row.staff if word[:1] != "@"]
        groups = [word[1:] for word in row.staff if word[:1] == "@"]
        members = [m for group in groups for m in self._database.members.get(group, ())]
        yield from dict.fromkeys(self._ids(what, (*plain, *members)))
        yield from (f"@{group}" for group in self._ids(what, groups))

    def _ids(self, what: str, words: Collection[str]) -> Iterator[str]:
        for word in words:
            if _is_id(word):
                yield word
            else:
                self._leave(f"{what}: {word}", f"no name here: {_ID_RULE}", "leave it out")

    def _note_what_nobody_takes(self) -> None:
        root = self._root
        if root.database is None:
            why = f"{root.no_database}"
            self._leave("the database", why, "what courses' clones say is taken instead")
        for name in sorted(root.repositories):
            if root.repositories[name] is None and name not in self._rows:
                what = f"courses-git/{name}"
                self._leave(what, "it is no clone, and no course", "look what it is")
        for course, number in sorted(root.dropped.items()):
            if number and self._is_wanted(course):
                self._leave(
                    f"droparea/{course}: {counted(number, 'file')}",
                    "files to be handed out are not kept here yet; those that were handed out are "
                    "in students' DROPPED folders",
                    "keep the folder",
                )
        for name in root.students.strange:
            what = f"students/{name}"
            self._leave(what, "it is no folder, or a link", "move the very folder there")
        self._note_people()

    def _note_people(self) -> None:
        staff = sorted(p.name for p in self._database.people if p.is_staff)
        others = sum(not p.is_staff for p in self._database.people)
        why = "passwords are kept in another way here"
        if staff:
            advice = "`nbh account add NAME --role staff` for each, and tell them their password"
            self._leave(f"accounts of staff: {', '.join(staff)}", why, advice)
        if others:
            advice = "their files are theirs again with links that are signed for these names"
            self._leave(f"{counted(others, 'account')} of students", why, advice)

    def _note_strange_students(self, strange: Counter[str]) -> None:
        for student, number in sorted(strange.items()):
            self._leave(
                f"student {student}: {counted(number, 'workspace')}",
                f"not the id of a student here: {_ID_RULE}",
                "rename the folder to the id that the platform will send, and import again",
            )

    def _has_own_dockerfile(self, name: str) -> bool:
        files = self._root.overrides.get(name, ())
        return any(file.name in ("Dockerfile", "Containerfile") for file in files)

    def _is_taken(self, name: str) -> bool:
        row, repository = self._rows.get(name), self._root.repositories.get(name)
        url = (row and row.giturl) or (repository and repository.giturl)
        return self._is_wanted(name) and _is_id(name) and bool(url)

    def _is_wanted(self, course: str) -> bool:
        return not self._only or course in self._only

    def _leave(self, what: str, why: str, advice: str) -> None:
        self.not_taken.append(NotTaken(what, why, advice))


def _why_unknown(course: str) -> tuple[str, str]:
    if not _is_id(course):
        return "its course has no name that can be one here", "rename the course there, as above"
    again = f"import again with --course {course} to have them all the same"
    return "nbhosting 0.59 had no such course", again


def _is_id(text: str) -> bool:
    return names.ID.fullmatch(text) is not None
