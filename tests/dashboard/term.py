"""A term of a course, made up: who came, what they opened, how clicks and the machine fared."""

import random
from datetime import UTC, datetime, timedelta

from nbh_proto import (
    AccessFailed,
    AccessOpened,
    CourseIndex,
    LabSampled,
    LabStopped,
    LabThawed,
    NodeSampled,
    NotebookReset,
    Section,
    Track,
)
from nbh_proto.index import Notebook
from nbh_proto.sample import Counts, Disk, NodeMeasured

SECTIONS = {
    "First steps": ("w1/hello", "w1/names", "w1/numbers"),
    "Data": ("w2/lists", "w2/dictionaries", "w2/files", "w2/tables"),
    "Programs": ("w3/functions", "w3/modules", "w3/tests", "w3/classes"),
    "A project": ("w4/daylight", "w4/your-own"),
}
NOTEBOOKS = tuple(name for names in SECTIONS.values() for name in names)
WEEKS = 8
NODE = "n1"


def index(course):
    """The course as its teacher wrote it: the whole of it, and a shorter way through."""
    sections = tuple(
        Section(name=name, notebooks=tuple(f"{stem}.md" for stem in stems))
        for name, stems in SECTIONS.items()
    )
    tracks = (
        Track(id="whole", name="The whole course", sections=sections),
        Track(id="short", name="In a hurry", sections=sections[:2]),
    )
    titles = tuple(
        Notebook(path=f"{stem}.md", title=_title(stem), version="1") for stem in NOTEBOOKS
    )
    return CourseIndex(course=course, commit="c", tracks=tracks, notebooks=titles)


def _title(stem):
    return stem.partition("/")[2].replace("-", " ").capitalize()


class Term:
    """The same events for the same seed and end."""

    def __init__(self, course="python", students=40, end=None, seed=7):
        self._course = course
        self._students = [f"student-{n:02}" for n in range(students)]
        self._end = end or datetime.now(UTC)
        self._random = random.Random(seed)

    def events(self):
        """All of it, in no order."""
        begin = self._end - timedelta(weeks=WEEKS)
        for number, student in enumerate(self._students):
            yield from self._of_student(student, begin, number)
        yield from self._samples(begin)

    def _of_student(self, student, begin, number):
        chance = self._random
        at = begin + timedelta(days=chance.expovariate(1 / 5), hours=8 + chance.random() * 9)
        # most stop somewhere on the way
        last = min(len(NOTEBOOKS), 1 + int(len(NOTEBOOKS) * (1.2 - chance.random() ** 2)))
        for stem in NOTEBOOKS[:last]:
            for _ in range(1 + int(chance.expovariate(1))):
                if at < self._end:
                    yield from self._click(student, stem, at, number)
                at += timedelta(minutes=chance.expovariate(1 / 25))
            at += timedelta(days=chance.expovariate(1 / 2.2))
            at = self._in_hours(at)

    def _in_hours(self, at):
        """Few work at night, some at the weekend."""
        chance = self._random
        if at.weekday() >= 5 and chance.random() < 0.7:
            at += timedelta(days=2)
        if not 7 <= at.hour <= 21:
            at = at.replace(hour=chance.choice((8, 9, 9, 10, 10, 11, 14, 14, 15, 16, 17, 20)))
        return at

    def _click(self, student, stem, at, number):
        chance = self._random
        of = {"course": self._course, "student": student, "at": at}
        click = of | {"access": "a", "notebook": f"{stem}.md"}
        lab = of | {"node": NODE, "generation": number + 1}
        if chance.random() < 0.02:
            yield AccessFailed(
                **click, reason=chance.choice(("no-memory", "lab-slow", "lab-slow"))
            )
            return
        way, middle = chance.choice(
            (("running", 0.04), ("running", 0.05), ("pool", 0.12), ("thawed", 0.03), ("cold", 1.3))
        )
        yield AccessOpened(**click, way=way, seconds=chance.lognormvariate(0, 0.5) * middle)
        if way == "thawed":
            yield LabThawed(
                **lab, by="click", seconds=chance.lognormvariate(0, 0.4) * 0.01, frozen_seconds=900
            )
        if chance.random() < 0.06:
            yield NotebookReset(**of, notebook=f"{stem}.md", commit="c", kept_as="")
        if chance.random() < 0.3:
            reason = chance.choice(("idle", "idle", "idle", "age", "out-of-memory"))
            yield LabStopped(**lab, reason=reason)
        if chance.random() < 0.3:
            yield LabSampled(
                **lab,
                cpu_seconds=chance.expovariate(1 / 60),
                memory=int(chance.uniform(70, 600) * 2**20),
                disk=int(chance.uniform(1, 90) * 2**20),
                state="running",
                busy=False,
                kernels=1,
            )

    def _samples(self, begin):
        chance, at = self._random, begin
        while at < self._end:
            busy = 0.15 + 0.85 * max(0.0, 1 - abs(at.hour - 14) / 7) * (at.weekday() < 5)
            running = int(busy * 18 * chance.uniform(0.8, 1.2))
            counts = {
                "running": running,
                "frozen": int(running * 0.6),
                "pooled": 2,
                "kernels": int(running * 1.3),
                "students": len(self._students),
            }
            free = 16 * 2**30 - running * 150 * 2**20
            disk = Disk(free_percent=62 - running / 4, free_mib=62_000)
            machine = NodeMeasured(
                load1=busy * 2 * chance.uniform(0.6, 1.4),
                load5=busy * 2,
                load15=busy * 1.8,
                memory_total=16 * 2**30,
                memory_free=free // 2,
                memory_available=free,
                data_disk=disk,
                containers_disk=Disk(free_percent=48.0, free_mib=48_000),
                system_disk=Disk(free_percent=71.0, free_mib=71_000),
            )
            yield NodeSampled(
                node=NODE,
                at=at,
                machine=machine,
                total=Counts(**counts),
                courses={self._course: Counts(**counts)},
            )
            at += timedelta(minutes=30)
