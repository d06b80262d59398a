"""`nbh course show`: everything about a course."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from nbh_cli import operating, output, units
from nbh_cli.commands.course import documentation, knowing
from nbh_cli.commands.course.knowing import Known, Words
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.buckets import Bucket
from nbh_kit.config import Config
from nbh_proto import Course, CourseIndex, Limits, now

_LABEL = 10
_NAMED = 20

Line = tuple[str, str]
"""A label and what stands beside it; an empty label goes on with the one before."""


def show(*words: Words, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Everything about a course, or about all that WORDS mean: names, patterns, parts of names."""
    if not words:
        raise Sorry("name a course; `nbh course list` shows all", 2)
    given = operating.load(config)
    for number, (known, index) in enumerate(asyncio.run(_known(words, given))):
        if json:
            output.print_json(_whole(known, index, given))
        else:
            print("\n" * bool(number) + output.bold(known.course.course))
            _print(lines(known, index, given, now()))


async def _known(words: tuple[str, ...], config: Config) -> list[tuple[Known, CourseIndex | None]]:
    async with operating.bus(config) as bus:
        indexes = Bucket(bus, CourseIndex)
        all_ = await knowing.all_about(bus, config, words)
        held = [await indexes.get(known.course.key) for known in all_]
    return [(known, one.value if one else None) for known, one in zip(all_, held, strict=True)]


def _whole(known: Known, index: CourseIndex | None, config: Config) -> output.Row:
    return {
        **msgspec.structs.asdict(known.course),
        "labs": [lab.student for lab in known.labs],
        "students": known.students,
        "image_made": known.image_made,
        "image_is_missing": known.image_is_missing,
        "index": index,
        "documentation": documentation.addresses(index, config.origins.share) if index else {},
    }


def lines(
    known: Known, index: CourseIndex | None, config: Config, instant: datetime
) -> Iterator[Line]:
    """What is printed of a course. Pure."""
    course = known.course
    yield "git", course.giturl + (f" ({course.branch})" if course.branch else "")
    yield "commit", _commit(course, instant)
    yield "pulled", _pulled(course, instant)
    if course.failure:
        yield "trouble", f"{course.failure}: {course.failure_detail}".removesuffix(": ")
    yield "webhook", _webhook(course, instant)
    yield from _image(known, instant)
    yield "labs", _some(sorted(lab.student for lab in known.labs))
    yield "students", _students(known.students)
    yield "staff", " ".join(course.staff) or "–"
    yield "groups", " ".join(course.groups) or "–"
    yield "switches", _switches(course)
    yield "egress", course.egress or f"{config.lab.egress} (site default)"
    if course.git_pull:
        yield "git-pull", " ".join(course.git_pull)
    yield from _limits(course.limits, config)
    if index:
        yield from _index(index)
        written = documentation.sentences(index, course, config.origins.share)
        yield from _listed("read at", written)
        yield from _listed("problems", [problem.sentence for problem in index.problems])
    else:
        yield from _listed("problems", course.problems)


def _commit(course: Course, instant: datetime) -> str:
    if not course.commit:
        return "nothing is published"
    age = units.ago(course.published_at, instant)
    changed = f", {units.counted(course.changed, 'file')} changed" if course.changed else ""
    notebooks = units.counted(course.notebooks, "notebook")
    return f"{course.commit[:10]}, published {age} ago; {notebooks}{changed}"


def _pulled(course: Course, instant: datetime) -> str:
    last = units.ago(course.pulled_at, instant)
    how = "never: archived" if course.archived else ""
    how = how or ("and by itself" if course.autopull else "by hand or webhook only")
    return f"{last} ago, {how}" if last else how


def _webhook(course: Course, instant: datetime) -> str:
    if not course.hook:
        return f"none; `nbh course hook {course.course}` makes one"
    last = units.ago(course.pushed_at, instant)
    return f"last push {last} ago" if last else "made, but no push has come yet"


def _image(known: Known, instant: datetime) -> Iterator[Line]:
    course, age = known.course, units.ago(known.image_made, instant)
    if known.image_is_missing:
        yield "image", f"{course.image}, which is not there: no lab can start"
    else:
        yield "image", course.image + (f", made {age} ago" if age else "")
    for what, last in (("build", course.image_build), ("docs", course.docs_build)):
        if last:
            when = f"{units.ago(last.at, instant)} ago, of {last.commit[:10]}"
            yield what, f"{last.outcome} {when}" + (f": {last.why}" if last.why else "")


def _students(number: int | None) -> str:
    return "unknown: the provisioner does not answer" if number is None else f"{number} have files"


def _switches(course: Course) -> str:
    switches = ("autopull", "archived", "autobuild", "submodules")
    return "  ".join(f"{name} {'yes' if getattr(course, name) else 'no'}" for name in switches)


def _limits(limits: Limits, config: Config) -> Iterator[Line]:
    label = "limits"
    for name, own in msgspec.structs.asdict(limits).items():
        value = own if own is not None else _site_default(name, config)
        shown = "" if value is None else _measured(name, value)
        yield label, f"{name:<9} {shown:<8} {'' if own is not None else 'site default'}".rstrip()
        label = ""


def _site_default(name: str, config: Config) -> float | None:
    match name:
        case "memory" | "cpus" | "processes" | "disk" | "files":
            default: float = getattr(config.lab, name)
            return default
        case "idle":
            return config.reaper.idle
        case "freeze":
            return config.reaper.freeze_after
        case "age":
            return config.reaper.max_age
        case "pool_min":
            return config.pool.minimum
        case "pool_max":
            return config.pool.maximum
        case _:
            return None


def _measured(name: str, value: float) -> str:
    match name:
        case "memory" | "disk":
            return units.sized(int(value))
        case "idle" | "freeze" | "age":
            return units.lasting(value)
        case "files":
            return f"{value:.0f}"
        case _:
            return f"{value:g}"


def _index(index: CourseIndex) -> Iterator[Line]:
    label = "tracks"
    for track in index.tracks:
        notebooks = sum(len(section.notebooks) for section in track.sections)
        sections = units.counted(len(track.sections), "section")
        count = f"{sections}, {units.counted(notebooks, 'notebook')}"
        yield label, f"{track.name} ({track.id}): {count}"
        label = ""


def _listed(label: str, sentences: Iterable[str]) -> Iterator[Line]:
    for sentence in sentences:
        yield label, sentence
        label = ""


def _some(names: list[str]) -> str:
    if not names:
        return "none runs"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)}: {', '.join(names[:_NAMED])}{more}"


def _print(lines_: Iterable[Line]) -> None:
    for label, what in lines_:
        print(f"  {label:<{_LABEL}} {output.text(what)}".rstrip())
