"""From a Dockerfile to an image: podman, for real."""

import asyncio
import os
import signal
import time

import msgspec
import pytest

from nbh_builder import container, guard, running
from nbh_kit.testing import eventually
from nbh_proto import (
    BuildFinished,
    CancelBuild,
    CommandFailed,
    ImageBuilt,
    KeepImages,
    image_repository,
)
from tests.builder.world import NODE, Asker, events

pytestmark = pytest.mark.podman

BASE = "FROM nbhosting/minimal-notebook\n"


async def built(bus, course="py") -> ImageBuilt:
    found = await eventually(lambda: events(bus, ImageBuilt, course), within=90)
    return found[-1]


async def finished(bus) -> BuildFinished:
    return (await eventually(lambda: events(bus, BuildFinished), within=90))[-1]


async def test_an_image_is_built_tried_and_named(world, bus, asker):
    dockerfile = (
        BASE + "COPY . /opt/given\nRUN ls -A /opt/given && touch /new && pip --version\n"
        "RUN test ! -e /run/secrets && head -1 /etc/ssl/certs/ca-certificates.crt\n"
    )
    files = {"needs.txt": "six\n", "inner/x.txt": "x\n"}
    async with world.running(), asker.asking(world.build(dockerfile, files=files)):
        told = await built(bus)
    assert told.image == f"localhost/{world.site}/py:0123456789"
    assert told.image in world.images()
    assert world.api.image_id(told.image) == told.image_id
    assert told.software["python"].startswith("3.")
    assert {"jupyter_server", "jupyterlab", "notebook", "jupytext"} <= told.software.keys()
    log = (world.data / "builder" / "logs" / "py" / "image.log").read_text().splitlines()
    assert f"jupytext=={told.software['jupytext']}" in log
    assert not any("==" in line for line in asker.lines)
    given = asker.lines.index("Dockerfile")
    assert asker.lines[given : given + 3] == ["Dockerfile", "inner", "needs.txt"]
    assert (await finished(bus)).outcome == "done"
    assert not any("nbh0" in line or "building:" in line for line in asker.lines)
    assert world.left() == []


async def test_what_is_lent_is_not_in_the_image(make_world, bus, asker, tmp_path):
    secret = tmp_path / "pip.conf"
    secret.write_text("[global]\ntimeout = 77\n")
    world = make_world(lend=[f"{secret}:/etc/pip.conf"])
    text = BASE + "COPY . /opt/given\nRUN pip config list; ls -A /opt/given\nUSER jovyan\n"
    async with world.running(), asker.asking(world.build(text + "RUN cat /etc/pip.conf\n")):
        told = await built(bus)
        assert "global.timeout='77'" in asker.lines
    assert not any("nbh-" in line or "lent" in line for line in asker.lines), asker.lines
    there = await asyncio.to_thread(inside, world, told.image, "ls -A /etc/pip.conf /run; id -u")
    assert "ls: cannot access '/etc/pip.conf': No such file or directory" in there
    assert not any("nbh-build" in line for line in there)


def inside(world, image: str, command: str) -> list[str]:
    """What a shell prints in a container of an image."""
    body = container.body(
        name=f"{world.site}-inside",
        site=world.site,
        image=image,
        command=("sh", "-c", f"exec 2>&1; {command}"),
        environment={},
        mounts=(),
        limits=container.Limits(memory=2**30, cpus=1, processes=64),
        network=False,
    )
    lines: list[str] = []
    running.run(world.api, body, lines.append)
    return lines


@pytest.mark.parametrize(
    ("dockerfile", "reason", "why"),
    [
        (
            BASE + "\nRUN echo one; echo why; exit 3\n",
            "step-failed",
            "Dockerfile, line 3: RUN echo one; echo why; exit 3: exit status 3: one; why",
        ),
        (
            BASE + "COPY needs.txt /opt/\n",
            "step-failed",
            "line 2: COPY needs.txt /opt/: there is no needs.txt in the folder",
        ),
        (
            BASE + "RUN pip install no-such-package-of-mine\n",
            "step-failed",
            "No matching distribution found for no-such-package-of-mine",
        ),
        (BASE + "RUN --mount=type=bind,from=x,source=/ ls\n", "dockerfile-refused", "line 2"),
        (BASE + "RUN mount -t tmpfs none /mnt\n", "step-failed", "exit status"),
        (BASE + "RUN mknod /dev/sda b 8 0\n", "step-failed", "exit status"),
        ("FROM localhost/no/such\n", "base-missing", "localhost/no/such"),
        (
            BASE + "RUN rm /opt/nbh/bin/jupyter-lab /opt/venv/bin/jupyter-lab\n",
            "smoke-failed",
            "no jupyter-lab",
        ),
        (
            BASE + "RUN pip install 'jupyter-server==2.19.*'\n",
            "smoke-failed",
            "its jupyter-server is 2.19.0; 2.20 or later is needed",
        ),
        (
            BASE + "RUN rm -f /opt/venv/bin/python* /usr/bin/python3*\n",
            "smoke-failed",
            "there is no python3 in its path",
        ),
        (
            BASE + "RUN python3 -c 'x = bytearray(3 * 1024**3)'\n",
            "out-of-memory",
            "line 2: RUN python3 -c 'x = bytearray(3 * 1024**3)': it was killed: it needs more",
        ),
    ],
    ids=[
        "fails",
        "no such file",
        "no such package",
        "mounts",
        "mounts inside",
        "devices",
        "no base",
        "no jupyter",
        "old jupyter",
        "no python",
        "memory",
    ],
)
async def test_what_fails_changes_nothing_and_says_why(world, bus, asker, dockerfile, reason, why):
    async with world.running(), asker.asking(world.build(dockerfile)):
        last = await asker.ended()
    assert isinstance(last, CommandFailed)
    assert (last.reason, why in last.detail) == (reason, True), last
    assert world.images() == set()
    assert world.left() == []
    assert (await finished(bus)).reason == reason


async def test_one_that_never_ends_is_ended(make_world, asker):
    world = make_world(within=4.0)
    text = BASE + "RUN sleep 300 & sleep 300\nRUN sleep 300\n"
    async with world.running(), asker.asking(world.build(text)):
        last = await asker.ended()
        await _nothing_runs(world)
    assert last.reason == "slow"
    assert last.detail.startswith("Dockerfile, line 2: RUN sleep 300 & sleep 300: it took longer")
    assert "builder.within" in last.detail
    assert world.images() == set()
    await eventually(lambda: not world.left(), within=20)


async def test_one_that_fills_the_disk_is_ended_before_the_machine_suffers(make_world, asker):
    world = make_world(max_bytes=300 * 1024**2)
    text = BASE + "RUN for i in $(seq 900); do head -c 64M /dev/zero > /big$i; done\n"
    async with world.running(), asker.asking(world.build(text)):
        last = await asker.ended()
    assert last.reason == "too-big"
    assert last.detail.startswith("Dockerfile, line 2: RUN for i in")
    assert "it took more than 0.3 GiB of disk (builder.max_bytes)" in last.detail
    assert world.images() == set()
    await eventually(lambda: not world.left(), within=20)


FORKING = """
import subprocess
made = []
try:
    while len(made) < 300:
        made.append(subprocess.Popen(["sleep", "60"]))
except OSError:
    pass
for each in made:
    each.kill()
print(len(made))
"""


async def test_processes_without_end_are_limited(make_world, asker):
    world = make_world(processes=64)
    text = BASE + "COPY fork.py /\nRUN sleep 2; python3 /fork.py; false\n"
    async with world.running(), asker.asking(world.build(text, files={"fork.py": FORKING})):
        await asker.ended()
    made = [int(line) for line in asker.lines if line.isdecimal()]
    assert 32 < made[0] < 64


async def test_the_same_again_is_not_built(world, bus, asker):
    command = world.build(BASE)
    async with world.running():
        async with asker.asking(command):
            told = await built(bus)
        again = world.build(BASE, version="0123456789-2", known=(told.fed,))
        async with asker.asking(again):
            last = await asker.ended()
            assert "nothing to build" in last.line
        forced = world.build(BASE, version="0123456789-2", known=(told.fed,), force=True)
        async with Asker(bus).asking(forced):
            await eventually(lambda: len(world.images()) == 2, within=60)


async def test_one_is_built_at_a_time_and_the_next_can_be_cancelled(world, bus, asker):
    first, second = Asker(bus), Asker(bus)
    slow = world.build(BASE + "RUN echo be''gun; sleep 300\n", course="slow")
    async with world.running(), first.asking(slow):
        await first.said("begun")
        async with second.asking(world.build(BASE)):
            await second.said("waits for its turn")
            async with asker.asking(CancelBuild(node=NODE, course="py")):
                assert (await asker.ended()).line == "1 cancelled"
            asker.last = None
            async with asker.asking(CancelBuild(node=NODE, course="slow")):
                assert (await asker.ended()).line == "1 cancelled"
            assert (await first.ended()).reason == "cancelled"
            assert (await second.ended()).reason == "cancelled"
        await _nothing_runs(world)


async def test_a_builder_that_is_killed_begins_again_and_ends_what_it_left(world, bus, asker):
    text = BASE + "RUN test -e /mnt/no || echo be''gun; sleep 3\n"
    async with asker.asking(world.build(text)):
        async with world.running() as process:
            await asker.said("begun")
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        assert list(guard.processes(f"nbh-build-{world.site}-"))
        asker.lines.clear()
        async with world.running():
            await asker.said("begun")
            told = await built(bus)
    assert told.image in world.images()
    assert len(await events(bus, ImageBuilt)) == 1


async def test_a_builder_that_is_to_end_gives_back_what_it_builds(make_world, bus, asker):
    world = make_world()
    async with asker.asking(world.build(BASE + "RUN echo be''gun; sleep 40; echo $RANDOM\n")):
        async with world.running() as process:
            await asker.said("begun")
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 25) == 0
            assert time.monotonic() - began < 24
        await _nothing_runs(world)
        asker.lines.clear()
        async with world.running():
            await asker.said("begun")
            async with Asker(bus).asking(CancelBuild(node=NODE, course="py")):
                assert (await asker.ended()).reason == "cancelled"


async def _nothing_runs(world) -> None:
    await eventually(lambda: not list(guard.processes(f"nbh-build-{world.site}-")), within=20)


async def test_what_was_built_and_not_told_is_found_again(world, bus, asker):
    command = world.build(BASE + "RUN true\n")
    async with world.running(), asker.asking(command):
        told = await built(bus)
        asker.lines.clear()
        # as it comes again to a builder that was killed at the last moment
        again = msgspec.json.encode(msgspec.structs.replace(command, answer_to=asker.inbox))
        await bus.js.publish(command.address, again, headers={"Nats-Msg-Id": "again"})
        await asker.said("it answers")
    assert not [line for line in asker.lines if "STEP" in line]
    assert world.api.image_id(told.image) == told.image_id


async def test_a_name_that_is_free_again_is_another_image(world, bus, asker):
    async with world.running(), asker.asking(world.build(BASE)):
        first = await built(bus)
        await bus.js.purge_stream("EVENTS")
        async with asker.asking(world.build(BASE + "RUN touch /x\n")):
            second = await built(bus)
    assert (first.image, first.image_id != second.image_id) == (second.image, True)
    assert world.api.image_id(first.image) == second.image_id


async def test_images_go_when_nothing_uses_them(world, bus, asker):
    one, two = (
        world.build(BASE + "RUN touch /1\n", version="one"),
        world.build(BASE, version="two"),
    )
    async with world.running(), asker.asking(one), asker.asking(two):
        await eventually(lambda: len(world.images()) == 2, within=60)
        repository = image_repository(world.site, "py")
        wanted = (f"{repository}:two",)
        await bus.tell(KeepImages(node=NODE, repository=repository, images=wanted))
        await eventually(lambda: world.images() == set(wanted), within=20)
