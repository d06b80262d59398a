"""Courses: a push until students have it, and a look at two hundred courses without news.

With a service, a NATS and a forge of their own on loopback; the forge is git's http-backend.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import psutil

from nbh_kit import bus as buses
from nbh_kit import programs
from nbh_kit.buckets import Bucket, Snapshot
from nbh_kit.settings import Origins
from nbh_kit.testing import eventually, nats_server
from nbh_proto import Course, CreateCourse, MakeHook
from tests.bench.figures import Figure, at_most, median, spread
from tests.bench.memory import family
from tests.courses import forge, git_server
from tests.courses.service import Service, done
from tests.courses.teacher import LESSON, Teacher
from tests.courses.test_real_courses import SHARED

NUMBER = 200
ROUNDS = 3
PUSHES = 7


async def figures() -> list[Figure]:
    """All of them."""
    # where the service's own user can read
    with tempfile.TemporaryDirectory(prefix="nbh-bench-") as folder:
        Path(folder).chmod(0o755)
        return await _figures(Path(folder))


async def _figures(folder: Path) -> list[Figure]:
    pem = git_server.certificate(folder)
    # whom git, ours and the bare one, believes
    os.environ["SSL_CERT_FILE"] = os.environ["GIT_SSL_CAINFO"] = str(folder / "c.pem")
    try:
        found = await _no_change(folder / "many", pem)
        bundle = SHARED / "flotpython.bundle"
        return [*found, *(await _push(folder / "one", pem, bundle) if bundle.exists() else [])]
    finally:
        del os.environ["SSL_CERT_FILE"], os.environ["GIT_SSL_CAINFO"]


async def _no_change(folder: Path, pem: Path) -> list[Figure]:
    Teacher(folder / "repositories" / "c0.git").push(LESSON)
    for n in range(1, NUMBER):
        shutil.copytree(folder / "repositories" / "c0.git", folder / "repositories" / f"c{n}.git")
    async with git_server.forge(folder / "repositories", pem) as url, nats_server() as nats:
        await asyncio.to_thread(_clone_all, url, folder)
        service = Service(folder, nats)
        async with service.running(), buses.connect(nats, name="bench") as bus:
            creating = [
                CreateCourse(course=f"c{n}", giturl=f"{url}/c{n}.git") for n in range(NUMBER)
            ]
            await asyncio.gather(*[done(bus, each, within=300) for each in creating])
            floors = [await asyncio.to_thread(_pull_all, folder) for _ in range(ROUNDS)]
        rounds = [await _round(service, nats) for _ in range(ROUNDS)]
    walls, cpus, weights = (list(each) for each in zip(*rounds, strict=True))
    name = f"a look at {NUMBER} courses without news"
    return [
        _fifth(f"{name}, wall", walls, [wall for wall, _ in floors]),
        _fifth(f"{name}, CPU of ours and of git", cpus, [cpu for _, cpu in floors]),
        at_most(
            f"{name}, memory of the service (PSS)",
            max(weights),
            150,
            unit="MiB",
            floor=None,
            spread=spread(weights),
        ),
    ]


def _fifth(name: str, ours: list[float], floors: list[float]) -> Figure:
    floor = median(floors)
    said = f"{spread(ours)}; {median(ours) / floor:.3f} × `git pull` in sequence, {spread(floors)}"
    return at_most(name, median(ours), floor / 5, unit="s", floor=floor, spread=said)


def _clone_all(url: str, folder: Path) -> None:
    for n in range(NUMBER):
        _git("clone", "--quiet", f"{url}/c{n}.git", str(folder / "clones" / f"c{n}"))


def _pull_all(folder: Path) -> tuple[float, float]:
    """Seconds of wall and of CPU."""
    began, before = time.perf_counter(), _cpu_of_children()
    for n in range(NUMBER):
        _git("pull", "--quiet", folder=folder / "clones" / f"c{n}")
    return time.perf_counter() - began, _cpu_of_children() - before


def _git(*words: str, folder: Path | None = None) -> None:
    given = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run([str(programs.find("git")), *words], cwd=folder, env=given, check=True)


def _cpu_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


async def _round(service: Service, nats: str) -> tuple[float, float, float]:
    """The timer's round that comes at a start: seconds of wall, of CPU, and MiB at its end.

    It has begun when the first course was looked at, and ended when the last one was.
    """
    async with service.running() as process, buses.connect(nats, name="bench") as bus:
        before = await _looked_at(bus)
        own = psutil.Process(process.pid)
        await eventually(lambda: _listens(service), within=60)
        began, used = time.perf_counter(), _cpu(own)

        async def all_were() -> bool:
            now = await _looked_at(bus)
            return all(now[course] > then for course, then in before.items())

        await eventually(all_were, within=120, pause=0.02)
        return time.perf_counter() - began, _cpu(own) - used, family(process.pid)


async def _looked_at(bus) -> dict:
    async for change in Bucket(bus, Course).watch():
        if isinstance(change, Snapshot):
            return {key: held.value.pulled_at for key, held in change.all.items()}
    return {}


async def _listens(service: Service) -> bool:
    _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.close()
    return True


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


async def _push(folder: Path, pem: Path, bundle: Path) -> list[Figure]:
    teacher = Teacher(folder / "repositories" / "flotpython.git")
    teacher.git("fetch", "--quiet", str(bundle), "main:refs/heads/main")
    clone = folder / "clone"
    async with git_server.forge(folder / "repositories", pem) as url, nats_server() as nats:
        course = f"{url}/flotpython.git"
        await asyncio.to_thread(_git, "clone", "--quiet", course, str(clone))
        service = Service(folder, nats)
        async with (
            service.running(),
            buses.connect(nats, name="bench") as bus,
            httpx2.AsyncClient(trust_env=False) as hooks,
        ):
            await done(bus, CreateCourse(course="flotpython", giturl=course), within=120)
            secret = await done(bus, MakeHook(course="flotpython"))
            ours, floors = [], []
            for number in range(PUSHES):
                commit = _commit(teacher, number)
                ours.append(await _published(service, hooks, secret, commit))
                floors.append(await asyncio.to_thread(_timed, lambda: _fetched(clone)))
    beyond = [mine - bare for mine, bare in zip(ours, floors, strict=True)]
    floor = median(floors)
    name = "push of one notebook of flotpython, webhook to students"
    return [
        at_most(name, median(ours), 2, unit="s", floor=floor, spread=spread(ours)),
        at_most(
            f"{name}, beyond git's fetch and checkout",
            median(beyond),
            1,
            unit="s",
            floor=None,
            spread=spread(beyond),
        ),
    ]


def _commit(teacher: Teacher, number: int) -> str:
    """One notebook changes, as when a teacher mends something."""
    index = {"GIT_INDEX_FILE": str(teacher.folder / "bench-index")}
    os.environ |= index
    try:
        teacher.git("read-tree", "refs/heads/main")
        blob = teacher.blob(b"# number %d\n" % number)
        name = "w1/w1-s1-c1-versions-python.md"
        teacher.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
        tree = teacher.git("write-tree")
    finally:
        del os.environ["GIT_INDEX_FILE"]
    commit = teacher.git("commit-tree", tree, "-p", "refs/heads/main", "-m", f"number {number}")
    teacher.git("update-ref", "refs/heads/main", commit)
    return commit


async def _published(service: Service, hooks, secret: str, commit: str) -> float:
    """Seconds from the forge's webhook until the revision is what students get."""
    headers, body = forge.github(secret, forge.MAIN | {"after": commit})
    current = service.courses / "flotpython" / "current"
    began = time.perf_counter()
    answer = await hooks.post(
        f"http://127.0.0.1:{service.port}/hooks/flotpython",
        headers=headers | {"Host": Origins().ui.removeprefix("http://")},
        content=body,
    )
    assert answer.status_code == 202, answer
    await eventually(lambda: current.readlink().name == commit, within=60, pause=0.005)
    return time.perf_counter() - began


def _fetched(clone: Path) -> None:
    _git("fetch", "--quiet", folder=clone)
    _git("checkout", "--quiet", "FETCH_HEAD", folder=clone)


def _timed(what: Callable[[], None]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began
