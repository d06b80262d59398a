"""`nbh reaper`: what is to become of labs that nobody uses."""

import asyncio
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from nbh_cli import operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_kit.config import Config
from nbh_proto import PlanLabs
from nbh_proto.reaper import LabPlan, LabsPlanned

app = App(
    name="reaper",
    help="Labs that nobody uses: plan.",
    help_format="plaintext",
)

_COLUMNS = ("course", "student", "state", "verdict", "reason", "active", "due", "then")


@app.command
def plan(
    *,
    course: Annotated[str, Parameter(help="Only those of one course.")] = "",
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """The verdict for each lab, its reason, and what becomes of it when. Does nothing."""
    labs = asyncio.run(_ask(operating.load(config), course))
    rows = [msgspec.structs.asdict(lab) for lab in labs]
    output.show(rows, _COLUMNS, as_json=json, none="There is no lab.")


async def _ask(config: Config, course: str) -> tuple[LabPlan, ...]:
    async with operating.bus(config) as bus:
        planned = await bus.ask(PlanLabs(only_course=course), LabsPlanned)
    return planned.labs
