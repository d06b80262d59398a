"""`nbh lab`: list, freeze, stop. Never shows a capability or a token (S-19)."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from nbh_cli import operating, output
from nbh_cli.operating import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    CourseName,
    StudentName,
)
from nbh_cli.sorry import Sorry
from nbh_kit.buckets import Bucket
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_proto import FreezeLab, Lab, StopLab, lab_key
from nbh_proto.names import BadName, checked_id

app = App(
    name="lab",
    help="Labs, the containers that serve students: list, freeze, stop.",
    help_format="plaintext",
)

_COLUMNS = (
    "course",
    "student",
    "state",
    "since",
    "container",
    "image",
    "address",
    "generation",
    "node",
)
_POOL_COLUMNS = tuple(c for c in _COLUMNS if c not in ("student", "generation"))
_DROPPED = ("node", "generation", "address", "image")
"""What a narrow terminal goes without, first to last."""

_ID_DIGITS = 12
"""As many of a container's id as `podman ps` shows."""

_PATIENCE = 30.0


@app.command(name="list")
def list_(
    *,
    course: Annotated[str, Parameter(help="Only those of one course.")] = "",
    pool: Annotated[bool, Parameter(negative="", help="Those that are nobody's yet.")] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Labs, with whose they are and which container each is; `podman ps` knows it by that."""
    labs = [lab for lab in asyncio.run(_labs(config)) if course in ("", lab.course)]
    shown = [_row(lab) for lab in labs if (lab.state == "pooled") is pool]
    columns = _POOL_COLUMNS if pool else _COLUMNS
    none = "No lab is in the pool." if pool else "No lab runs."
    if json:
        output.show(shown, columns, as_json=True, none=none)
    else:
        output.show_fitting(map(_short, shown), columns, _DROPPED, none=none)


@app.command
def freeze(
    course: CourseName, student: StudentName, /, *, config: ConfigFile = DEFAULT_CONFIG
) -> int:
    """Let the lab of STUDENT in COURSE stand still, with its kernels; whoever comes thaws it.

    A lab that somebody is connected to is left alone; then this fails.
    """
    return asyncio.run(_freeze(operating.load(config), course, student))


@app.command
def stop(
    course: CourseName, student: StudentName, /, *, config: ConfigFile = DEFAULT_CONFIG
) -> int:
    """End the lab of STUDENT in COURSE, after it had time to save; wait until it is gone."""
    return asyncio.run(_stop(operating.load(config), course, student))


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
        return await _carry_out(bus, command)


async def _stop(config: Config, course: str, student: str) -> int:
    async with operating.bus(config) as bus:
        lab = await _lab(bus, course, student)
        within = config.lab.stop_within + _PATIENCE
        try:
            async with asyncio.timeout(within):
                return await _carry_out(
                    bus, StopLab(node=lab.node, course=course, student=student)
                )
        except TimeoutError as e:
            raise Sorry(
                f"the lab did not stop within {within:.0f} s; see the log of nbh up"
            ) from e


async def _lab(bus: Bus, course: str, student: str) -> Lab:
    for kind, name in (("course", course), ("student", student)):
        try:
            checked_id(kind, name)
        except BadName as e:
            raise Sorry(f"{name!r} is {e}", 2) from e
    held = await Bucket(bus, Lab).get(lab_key(course, student))
    if held is None:
        raise Sorry(f"{student} has no lab in {course}")
    return held.value


async def _carry_out(bus: Bus, command: FreezeLab | StopLab) -> int:
    from nbh_cli import carrying_out  # brings rich along, which `lab list` does without

    return await carrying_out.carry_out(bus, command, by="provisioner")


def _row(lab: Lab) -> output.Row:
    image = lab.image.rpartition("@")[0] or lab.image
    return {name: getattr(lab, name) for name in _COLUMNS} | {"image": image}


def _short(row: output.Row) -> output.Row:
    image = str(row["image"]).removeprefix("localhost/").removesuffix(":latest")
    return {**row, "container": str(row["container"])[:_ID_DIGITS], "image": image}
