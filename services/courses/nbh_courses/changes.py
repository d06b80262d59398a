"""What becomes of a record by `nbh course set`: checked whole, then set whole. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from nbh_courses.addresses import checked_branch, checked_url
from nbh_courses.failure import CourseError
from nbh_courses.record import Record
from nbh_proto import Limits, egress, names
from nbh_proto.course import Changes

_MOST_IMAGE = 256
_AS_THEY_ARE = ("autopull", "archived", "autobuild", "submodules")


def applied(record: Record, changes: Changes, *, local: bool) -> Record:
    """The record with these changes.

    Args:
        local: whether a course may come from a folder of this machine.

    Raises:
        CourseError: one of them cannot be; says which.
    """
    given: dict[str, Any] = {
        name: value for name in _AS_THEY_ARE if (value := getattr(changes, name)) is not UNSET
    }
    for name, checked in (
        ("giturl", lambda url: checked_url(url, local=local)),
        ("branch", checked_branch),
        ("image", _image),
        ("egress", _egress),
        ("git_pull", _git_pull),
    ):
        if not isinstance(value := getattr(changes, name), UnsetType):
            given[name] = checked(value)
    given["staff"] = _listed(
        record.staff, changes.staff, changes.add_staff, changes.remove_staff, _member
    )
    given["groups"] = _listed(
        record.groups, changes.groups, changes.add_groups, changes.remove_groups, _group
    )
    given["limits"] = _limits(record.limits, changes.limits)
    return msgspec.structs.replace(record, **given)


def _listed(
    there: tuple[str, ...],
    instead: tuple[str, ...] | UnsetType,
    more: Iterable[str],
    less: Iterable[str],
    checked: Callable[[str], str],
) -> tuple[str, ...]:
    """A list of names, each once, in the order in which they came."""
    kept = there if isinstance(instead, UnsetType) else tuple(map(checked, instead))
    names_ = dict.fromkeys((*kept, *map(checked, more)))
    return tuple(name for name in names_ if name not in set(less))


def _member(text: str) -> str:
    group = text.removeprefix("@")
    return text[: len(text) - len(group)] + _name("staff", "student", group)


def _group(text: str) -> str:
    return _name("groups", "group", text)


def _name(setting: str, kind: str, text: str) -> str:
    try:
        return names.checked_id(kind, text)
    except names.BadName as e:
        raise CourseError("setting-refused", f"{setting}: {text!r} is {e}") from e


def _image(text: str) -> str:
    if len(text) > _MOST_IMAGE or not text.isprintable() or " " in text or text[:1] == "-":
        raise CourseError("setting-refused", f"image: {text!r} is the name of no image")
    return text


def _egress(text: str) -> str:
    try:
        return egress.checked(text) if text else ""
    except egress.BadEgress as e:
        raise CourseError("setting-refused", f"egress: {e}") from e


def _git_pull(urls: Iterable[str]) -> tuple[str, ...]:
    # labs fetch them, not this machine: never a folder of its own
    return tuple(dict.fromkeys(checked_url(url, local=False) for url in urls))


def _limits(there: Limits, changes: Mapping[str, float | int | None]) -> Limits:
    try:
        limits = msgspec.convert(msgspec.structs.asdict(there) | dict(changes), _Strict)
    except msgspec.ValidationError as e:
        raise CourseError("setting-refused", _sentence(str(e))) from e
    _check_order("pool_min", limits.pool_min, "pool_max", limits.pool_max)
    _check_order("freeze", limits.freeze, "idle", limits.idle)
    _check_order("idle", limits.idle, "age", limits.age)
    return Limits(**msgspec.structs.asdict(limits))


class _Strict(Limits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


def _check_order(less: str, low: float | None, more: str, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        raise CourseError("setting-refused", f"{less} ({low:g}) is more than {more} ({high:g})")


def _sentence(error: str) -> str:
    reason, _, where = error.partition(" - at `$.")
    name = where.rstrip("`")
    return f"{name}: {reason[0].lower()}{reason[1:]}" if name else reason
