"""`nbh lab`: list, freeze, stop. Never shows a capability or a token (S-19)."""

import asyncio
from pathlib import Path

from cyclopts import App
from nats.aio.msg import Msg

from nbh_cli import carrying_out, operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.buckets import Bucket
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_proto import FreezeLab, Lab, LabStopped, StopLab, lab_key
from nbh_proto.names import token

app = App(
    name="lab",
    help="Labs, the containers that serve students: list, freeze, stop.",
    help_format="plaintext",
)

_COLUMNS = ("course", "student", "state", "since", "image", "address", "generation", "node")
_POOL_COLUMNS = tuple(c for c in _COLUMNS if c not in ("student", "generation"))
_PATIENCE = 30.0


@app.command(name="list")
def list_(
    *,
    course: str = "",
    pool: bool = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """All labs, or those of one course; with --pool those that are nobody's yet instead."""
    labs = [lab for lab in asyncio.run(_labs(config)) if course in ("", lab.course)]
    shown = [_row(lab) for lab in labs if (lab.state == "pooled") is pool]
    columns = _POOL_COLUMNS if pool else _COLUMNS
    none = "No lab is in the pool." if pool else "No lab runs."
    output.show(shown, columns, as_json=json, none=none)


@app.command
def freeze(course: str, student: str, /, *, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Let the lab of STUDENT in COURSE stand still, with its kernels; whoever comes thaws it.

    A lab that somebody is connected to is left alone; then this fails.
    """
    return asyncio.run(_freeze(operating.load(config), course, student))


@app.command
def stop(course: str, student: str, /, *, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """End the lab of STUDENT in COURSE, after it had time to save; wait until it is gone."""
    asyncio.run(_stop(operating.load(config), course, student))
    print(f"The lab of {student} in {course} has stopped.")


async def _labs(file: Path) -> list[Lab]:
    async with operating.bus(operating.load(file)) as bus:
        held = await operating.all_of(bus, Lab)
    return sorted((h.value for h in held.values()), key=lambda lab: (lab.course, lab.student))


async def _freeze(config: Config, course: str, student: str) -> int:
    async with operating.bus(config) as bus:
        lab = await _lab(bus, course, student)
        command = FreezeLab(
            node=lab.node, course=course, student=student, generation=lab.generation
        )
        return await carrying_out.carry_out(bus, command, by="provisioner")


async def _lab(bus: Bus, course: str, student: str) -> Lab:
    held = await Bucket(bus, Lab).get(lab_key(course, student))
    if held is None:
        raise Sorry(f"{student} has no lab in {course}")
    return held.value


async def _stop(config: Config, course: str, student: str) -> None:
    async with operating.bus(config) as bus:
        lab = await _lab(bus, course, student)
        within = config.lab.stop_within + _PATIENCE
        try:
            await asyncio.wait_for(_stop_and_wait(bus, lab), within)
        except TimeoutError as e:
            raise Sorry(
                f"the lab did not stop within {within:.0f} s; see the log of nbh up"
            ) from e


async def _stop_and_wait(bus: Bus, lab: Lab) -> None:
    stopped = asyncio.Event()

    async def heard(raw: Msg) -> None:
        if f'"student":"{lab.student}"'.encode() in raw.data:
            stopped.set()

    pattern = LabStopped.subject.format(course=token(lab.course))
    subscription = await bus.client.subscribe(pattern, cb=heard)
    await bus.client.flush()
    await bus.tell(StopLab(node=lab.node, course=lab.course, student=lab.student))
    await stopped.wait()
    await subscription.unsubscribe()


def _row(lab: Lab) -> output.Row:
    image = lab.image.rpartition("@")[0] or lab.image
    return {name: getattr(lab, name) for name in _COLUMNS} | {"image": image}
