"""kill -9 at each step of a publication leaves the old or the new revision, never a mixture.

The steps are the system calls that change what is on the disk, counted in each thread and process
of the service: strace kills it at the first, the second, … of them. Each start also finishes or
sweeps what the kill before it left.
"""

import shutil
from itertools import count

import msgspec
import pytest

from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import Course, CoursePublished, CreateCourse, PullCourse
from nbh_proto.streams import EVENTS
from tests.courses.service import done, ended
from tests.courses.teacher import published

STEPS = "rename,renameat,renameat2,symlink,symlinkat,fsync,syncfs,mkdir,rmdir,unlink,fchmod"

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


def lesson(n):
    """What the n-th commit holds: every file says which commit it is of."""
    text = f"lesson {n}\n"
    return {"w1/n.md": text, "w1/deep/n.py": text, "modules/m.py": text, "data/d.csv": text}


def revision(n):
    text = f"lesson {n}\n".encode()
    notebooks = ("w1/n.md", "w1/deep/n.py", "modules/m.py")
    places = (*(f"notebooks/{p}" for p in notebooks), "modules/m.py", "static/data/d.csv")
    return dict.fromkeys(places, text)


def killed_at(step, calls=STEPS):
    inject = f"inject={calls}:signal=KILL:when={step}"
    return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", inject)


async def publications(bus):
    """Which commits were told, each time one was."""
    state = (await bus.js.stream_info(EVENTS.name)).state
    every = [await bus.js.get_msg(EVENTS.name, n) for n in range(1, state.messages + 1)]
    return [
        msgspec.json.decode(raw.data, type=CoursePublished).commit
        for raw in every
        if ".course.published." in raw.subject
    ]


@needs_strace
async def test_a_pull_that_is_killed_leaves_the_old_or_the_new_revision(service, teacher, bus):
    current = service.courses / "py" / "current"
    teacher.push(lesson(0))
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
    kills = 0
    for step in count(1):
        teacher.push(lesson(step))
        await bus.tell(PullCourse(course="py"))
        async with service.running(*killed_at(step)) as process:
            killed = await ended(process, 4.0)
        kills += killed
        assert published(current.resolve()) in [revision(n) for n in range(step + 1)]
        if not killed:
            break
    assert kills >= 12
    last = teacher.push(lesson("last"))
    async with service.running():
        await done(bus, PullCourse(course="py"))

        async def settled():
            held = await Bucket(bus, Course).get("py")
            return held is not None and held.value.commit == last

        await eventually(settled, within=20)
    assert published(current.resolve()) == revision("last")
    told = await publications(bus)
    assert told[-1] == last
    assert len(told) == len(set(told))
    left = {path.name for path in (service.courses / "py").iterdir()}
    assert left == {"course.json", "current", "mirror.git", "revisions"}
    assert all(len(path.name) == 40 for path in (service.courses / "py" / "revisions").iterdir())
