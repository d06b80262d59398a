"""The screen of `nbh status`, from what was seen. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from nbh_cli import output, units
from nbh_cli.commands.status.seen import Bus, CourseSeen, Disk, LabsOf, Mishap, Seen, Service
from nbh_proto import Drain

_STATES = ("ready", "frozen", "starting", "stopping", "failed", "pooled")
_COURSES = 12
"""As many as a screen has lines for; those in trouble first."""


def screen(seen: Seen) -> list[str]:
    """Its lines: what is wrong first."""
    at = seen.at.astimezone().isoformat(" ", "seconds")
    well = "all is well" if not seen.troubles else units.counted(len(seen.troubles), "trouble")
    return [
        output.bold(f"{seen.site}  {at}  {well}"),
        *(f"  ! {output.text(trouble)}" for trouble in seen.troubles),
        *_part("drained", map(_drain, seen.drains)),
        *_part("services", map(_service, seen.services)),
        *_bus(seen.bus),
        *_part("disks", map(_disk, seen.disks)),
        *_labs(seen.labs),
        *_courses(seen.courses, seen),
        *_part("what failed last", map(_mishap, seen.mishaps)),
    ]


def _part(title: str, rows: Iterable[Sequence[str]]) -> list[str]:
    lines = output.aligned([[output.text(cell) for cell in row] for row in rows])
    return ["", output.bold(title), *(f"  {line}" for line in lines)] if lines else []


def _drain(drain: Drain) -> tuple[str, str, str, str]:
    back = f"back at {_clock(drain.back)}" if drain.back else "until `nbh drain --off`"
    return drain.node, f"nobody new since {_clock(drain.since)}", back, drain.reason


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%m-%d %H:%M")


def _service(service: Service) -> tuple[str, str, str]:
    if not service.lives:
        return service.name, "does not answer", service.why
    missing = ", ".join(service.missing)
    return service.name, "lives", f"waits for {missing}" if missing else "ready"


def _bus(bus: Bus) -> list[str]:
    if bus.away:
        return ["", output.bold(f"NATS at {bus.url}"), f"  away: {output.text(bus.away)}"]
    streams = [
        (s.name, f"{s.messages} messages", f"{units.sized(s.bytes)} of {units.sized(s.max_bytes)}")
        for s in bus.streams
    ]
    consumers = [
        (f"{c.stream} to {c.name}", f"{c.waiting} waiting", f"{c.in_hand} in hand")
        for c in bus.consumers
    ]
    return _part(f"NATS at {bus.url}", [*streams, *consumers])


def _disk(disk: Disk) -> tuple[str, str, str, str]:
    return (
        disk.folder,
        f"{units.sized(disk.free)} free",
        f"of {units.sized(disk.total)}",
        disk.what,
    )


def _labs(labs: Sequence[LabsOf]) -> list[str]:
    if not labs:
        return ["", output.bold("labs"), "  none runs"]
    rows = [(of.course, _counts(of.states)) for of in labs]
    if len(labs) > 1:
        rows.append(
            ("all", _counts({s: sum(of.states.get(s, 0) for of in labs) for s in _STATES}))
        )
    return _part("labs", rows)


def _counts(states: dict[str, int]) -> str:
    words = [f"{states[s]} {s}" for s in _STATES if states.get(s) and s != "pooled"]
    if pooled := states.get("pooled"):
        words.append(f"{pooled} in the pool")
    return ", ".join(words)


def _courses(courses: Sequence[CourseSeen], seen: Seen) -> list[str]:
    if not courses:
        return ["", output.bold("courses"), "  there is none yet"]
    shown = sorted(courses, key=lambda c: (not c.failure, not c.problems, c.course))[:_COURSES]
    rows = [(c.course, c.commit[:10], _pulled(c, seen.at), _state(c)) for c in shown]
    more = len(courses) - len(shown)
    rows += [(f"and {more} more", "", "", "`nbh course list`")] if more else []
    return _part("courses", rows)


def _pulled(course: CourseSeen, at: datetime) -> str:
    ago = units.ago(course.pulled_at, at)
    return f"pulled {ago} ago" if ago else "never pulled"


def _state(course: CourseSeen) -> str:
    if course.failure:
        return course.failure
    return units.counted(course.problems, "problem") if course.problems else ""


def _mishap(mishap: Mishap) -> tuple[str, str, str, str]:
    at = mishap.at.astimezone().strftime("%m-%d %H:%M:%S")
    return at, mishap.what, f"{mishap.course} {mishap.student}".strip(), mishap.why
