"""A lab's run specification with everything that it names on disk, and how to talk to the lab."""

import os
import signal
from pathlib import Path

import httpx2
import msgspec

from nbh_kit.conditions import Mount
from nbh_kit.config import Config
from nbh_proto import Course, Lab, names, now
from nbh_provisioner import jupyter, lab_paths
from nbh_provisioner.engine import Running, RunSpec
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.lab_folders import LabFolders
from nbh_provisioner.places import Places
from nbh_provisioner.revision import Revisions
from nbh_provisioner.run_spec import run_spec
from tests.provisioner import world

TOKEN = "t0ken"
OWNER = Owner(lab_paths.UID, lab_paths.GID) if os.getuid() == 0 else None


def spec(config: Config, image: str, student: str = "ada", generation: int = 7) -> RunSpec:
    """What would be started for a student, whose workspace and lab's folder are there."""
    places = Places(config.site.data)
    world.publish(places.data, {"n1.ipynb": world.NOTEBOOK}, modules={"helper.py": "x = 1\n"})
    lab = Lab(
        node="node1",
        course="python",
        student=student,
        state="starting",
        generation=generation,
        capability=names.new_capability(),
        token=TOKEN,
        image=world.IMAGE,
        since=now(),
    )
    with Workspaces(places.students, OWNER).made(f"{student}/python"):
        pass
    folders = LabFolders(places.labs, OWNER)
    settings = msgspec.json.encode(jupyter.server_config(lab.capability, lab.token, config))
    folders.make(lab.capability, TOKEN, settings)
    course = Course(course="python", giturl="x", image=world.IMAGE, static_mappings=())
    return run_spec(
        lab,
        image,
        Revisions(places.courses).current(course),
        places.students / student / "python",
        folders.of(lab.capability),
        config.site.name,
        config.lab,
    )


def without_workspace(spec: RunSpec) -> RunSpec:
    """The same, as a lab that is nobody's yet."""
    mounts = tuple(m for m in spec.mounts if m.target != lab_paths.WORK)
    return msgspec.structs.replace(spec, name=f"{spec.name}-pool", mounts=mounts, spare=True)


def workspace(spec: RunSpec) -> Mount:
    """The mount of the student's workspace."""
    return next(m for m in spec.mounts if m.target == lab_paths.WORK)


def capability(spec: RunSpec) -> str:
    """The capability of the lab of a specification."""
    return spec.labels["nbh.capability"]


def runtime(spec: RunSpec) -> Path:
    """Its runtime folder, on this machine."""
    return next(Path(m.source) for m in spec.mounts if m.target == lab_paths.RUNTIME)


async def answers(spec: RunSpec, running: Running) -> bool:
    """Whether the lab answers HTTP."""
    return (await get(spec, running, "api")).status_code == 200


async def get(
    spec: RunSpec, running: Running, path: str, token: str | None = TOKEN
) -> httpx2.Response:
    """Ask a lab directly."""
    headers = {"Authorization": f"token {token}"} if token else {}
    async with httpx2.AsyncClient(timeout=60) as client:
        url = f"http://{running.address}/{capability(spec)}/{path}"
        return await client.get(url, headers=headers)


async def put(spec: RunSpec, running: Running, path: str, body: object) -> httpx2.Response:
    """Write something through a lab's API."""
    async with httpx2.AsyncClient(timeout=60) as client:
        url = f"http://{running.address}/{capability(spec)}/{path}"
        return await client.put(url, json=body, headers={"Authorization": f"token {TOKEN}"})


def kill(engine: object, running: Running) -> None:
    """Let a lab's process end without being asked."""
    if isinstance(engine, MemoryEngine):
        engine.crash(running.name)
    else:
        os.kill(running.process, signal.SIGKILL)
