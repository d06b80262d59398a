"""Looks at everything, and gathers what is found."""

import asyncio
import os
import pwd
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from nbh_cli import images, operating
from nbh_cli.commands.status import looking
from nbh_cli.commands.status.seen import Seen
from nbh_cli.doctor import engine, kernel, names, ports, rights, running, site, storage
from nbh_cli.doctor.finding import LEVELS, Finding
from nbh_cli.host import machine, packages
from nbh_cli.preparing import REPOSITORY
from nbh_cli.sorry import Sorry
from nbh_cli.up.lock import Running, lock
from nbh_kit import bus as buses
from nbh_kit import streams
from nbh_kit.config import Config
from nbh_kit.programs import ProgramMissing, find
from nbh_proto import Course


async def examine(config: Config, file: Path) -> list[Finding]:
    """What is found, the worst first; ``file`` is where the configuration was read from."""
    seen = await looking.look(config)
    # where it is not `nbh up` that runs it, services answer all the same
    lives = any(service.lives for service in seen.services)
    runs = lives or await asyncio.to_thread(_runs, config)
    found = [
        *_of_the_configuration(config, file),
        *[finding async for finding in _of_origins(config)],
        *running.services(seen.services, runs=runs),
        *_of_the_system(config, seen, runs=runs),
    ]
    # podman says so in each container, and compose.yaml for docker
    if elsewhere := site.elsewhere(config, contained="container" in os.environ):
        found += [elsewhere, *storage.room(seen.disks)]
    else:
        found += [*_of_this_machine(), *_of_storage(config, seen)]
        found += [*rights.secret_files(config, file), *ports.free(config, runs=runs)]
        found += [finding async for finding in _of_the_engine(config, runs=runs)]
    if not seen.bus.away:
        found += [await running.synced(config), running.streams_there(await _missing(config))]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def _of_this_machine() -> Iterator[Finding]:
    yield site.is_root(os.geteuid())
    yield engine.programs(packages.missing(), machine.look())
    yield kernel.control_groups()
    yield kernel.user_ranges()
    yield kernel.shared_kernel()
    yield kernel.clock(kernel.clock_state())


def _of_the_configuration(config: Config, file: Path) -> Iterator[Finding]:
    yield site.usable(config, file)
    yield from site.platforms(config)
    yield site.origins_apart(config)
    yield kernel.memory(config)
    yield rights.users(config, _name_of)


def _of_storage(config: Config, seen: Seen) -> Iterator[Finding]:
    yield from storage.room(seen.disks)
    data = looking.nearest(config.site.data)
    students = looking.nearest(config.site.data / "students")
    yield storage.files(storage.files_of(str(students)))
    on = storage.mounted(Path("/proc/self/mountinfo").read_text(), students.resolve())
    has_quotas = any(Path("/sys/fs/btrfs").glob("*/qgroups"))
    yield storage.quota(config, on, btrfs_has_quotas=has_quotas)
    yield storage.beside(students, data)


async def _of_origins(config: Config) -> AsyncIterator[Finding]:
    for origin in (config.origins.content, config.origins.ui, config.origins.share):
        yield await names.has_address(origin)
        yield await names.certificate(origin)
    yield names.sign_in(config)
    given = config.traefik
    if given.certificate and given.certificate_key:
        yield names.key_of_certificate(given.certificate, given.certificate_key)


async def _of_the_engine(config: Config, *, runs: bool) -> AsyncIterator[Finding]:
    if config.provisioner.engine != "podman":
        return
    yield engine.version(await asyncio.to_thread(_podman_version))
    socket = config.podman_socket
    answer = await engine.answers(socket, runs=runs)
    yield answer
    if answer.level in ("error", "note"):
        return
    for image, courses in (await _images(config)).items():
        yield await engine.image(socket, image, courses)
    if (REPOSITORY / "images").is_dir():
        built = {name: made async for name, made in engine.built_from(socket)}
        yield engine.current(images.fingerprints(REPOSITORY), built)


def _of_the_system(config: Config, seen: Seen, *, runs: bool) -> Iterator[Finding]:
    if runs or not seen.bus.away:
        yield from running.bus(seen.bus)
        yield from running.drains(seen)
        yield from running.courses(seen.courses, seen.at, config.courses.pull_every)
    if future := running.of_the_future(seen):
        yield future


def _runs(config: Config) -> bool:
    """Whether `nbh up` has these data."""
    if not config.site.data.is_dir() or not os.access(config.site.data, os.W_OK):
        return False
    try:
        with lock(config.site.data):
            return False
    except Running:
        return True


async def _images(config: Config) -> dict[str, list[str]]:
    """The images that labs start from, with the courses that name them."""
    wanted: dict[str, list[str]] = {config.lab.image: []}
    try:
        async with operating.bus(config) as connected:
            for held in (await operating.all_of(connected, Course)).values():
                course = held.value
                if not course.archived:
                    wanted.setdefault(course.image or config.lab.image, []).append(course.course)
    except (Sorry, buses.BusAway, TimeoutError):
        pass  # that NATS is away is another finding
    return wanted


async def _missing(config: Config) -> list[str]:
    async with operating.bus(config) as connected:
        return await streams.unlike(connected.js)


def _podman_version() -> str:
    try:
        podman = find("podman")
    except ProgramMissing:
        return ""
    ran = subprocess.run((podman, "--version"), capture_output=True, text=True, check=False)
    return ran.stdout


def _name_of(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
