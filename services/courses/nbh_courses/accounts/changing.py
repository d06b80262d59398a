"""What becomes of an account by a command. Pure."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import UNSET

from nbh_courses.accounts.book import Kept
from nbh_courses.failure import CourseError
from nbh_kit import passwords
from nbh_proto import SetAccount
from nbh_proto.account import Changed, Role

IsCourse = Callable[[str], bool]


def applied(kept: Kept | None, command: SetAccount, at: datetime, is_course: IsCourse) -> Kept:
    """The account after a command.

    Raises:
        CourseError: it cannot be so.
    """
    if command.new:
        return _made(kept, command, at, is_course)
    if kept is None or command.at < kept.created_at:
        raise CourseError("unknown", f"there is no account {command.account}")
    role = kept.role if command.role is UNSET else command.role
    given = kept.courses if command.courses is UNSET else command.courses
    if role == "staff" and command.courses is UNSET:
        given = ()  # a teacher becomes staff
    courses = _courses(role, given, kept.courses, is_course)
    changed = msgspec.structs.replace(kept, role=role, courses=courses, made_by=command.id)
    if command.password_hash is UNSET:
        return changed
    return with_password(changed, _hash(command), at)


def with_password(kept: Kept, hash_: str, at: datetime) -> Kept:
    """The account with another password; its sessions are over then."""
    return msgspec.structs.replace(kept, password_hash=hash_, password_set=at)


def without_course(kept: Kept, course: str, instead: str = "") -> Kept:
    """The account when a course is no more, or has another name."""
    renamed = (instead if each == course else each for each in kept.courses)
    return msgspec.structs.replace(kept, courses=tuple(dict.fromkeys(filter(None, renamed))))


def difference(before: Kept, after: Kept) -> tuple[Changed, ...]:
    """What is another thing now."""
    differs: dict[Changed, bool] = {
        "role": before.role != after.role,
        "courses": before.courses != after.courses,
        "password": before.password_set != after.password_set,
    }
    return tuple(what for what, it_does in differs.items() if it_does)


def asked(command: SetAccount) -> tuple[Changed, ...]:
    """What a command is about."""
    given: dict[Changed, object] = {
        "role": command.role,
        "courses": command.courses,
        "password": command.password_hash,
    }
    return tuple(what for what, value in given.items() if value is not UNSET)


def _made(kept: Kept | None, command: SetAccount, at: datetime, is_course: IsCourse) -> Kept:
    if kept:
        raise CourseError(
            "exists",
            f"there is an account {command.account}; `nbh account passwd` gives it another "
            "password, `nbh account set` other courses",
        )
    role = command.role
    if role is UNSET:
        raise CourseError("setting-refused", "an account is of role staff or teacher")
    given = () if command.courses is UNSET else command.courses
    return Kept(
        account=command.account,
        role=role,
        courses=_courses(role, given, (), is_course),
        password_hash=_hash(command),
        password_set=at,
        created_at=command.at,
        made_by=command.id,
    )


def _courses(
    role: Role, given: tuple[str, ...], had: tuple[str, ...], is_course: IsCourse
) -> tuple[str, ...]:
    if role == "staff" and given:
        raise CourseError("setting-refused", "staff see every course; a teacher has courses")
    if role == "teacher" and not given and not had:
        raise CourseError("setting-refused", "a teacher has one course at least: --course")
    for course in given:
        if course not in had and not is_course(course):
            raise CourseError("unknown", f"there is no course {course}")
    return tuple(dict.fromkeys(given))


def _hash(command: SetAccount) -> str:
    given = command.password_hash
    if given is UNSET or not passwords.is_hash(given):
        raise CourseError("setting-refused", "this is no hash of a password")
    return given
