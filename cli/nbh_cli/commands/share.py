"""`nbh share`: notebooks that students share, and how an operator takes one away."""

import asyncio
from typing import Annotated

from cyclopts import App, Parameter

from nbh_cli import operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile, CourseName, StudentName
from nbh_cli.sorry import Sorry
from nbh_kit.bus import BusAway
from nbh_kit.config import Config
from nbh_proto import FindShares, Share, SharesFound, WithdrawShares, names

app = App(
    name="share",
    help="Notebooks that students share: list, withdraw.",
    help_format="plaintext",
)

_COLUMNS = ("course", "student", "notebook", "at", "expires", "size", "link")


@app.command(name="list")
def list_(
    *,
    course: Annotated[str, Parameter(help="Only those of one course.")] = "",
    student: Annotated[str, Parameter(help="Only those of one student.")] = "",
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Pages that students made of their notebooks, the newest first, with their links."""
    settings = operating.load(config)
    found = asyncio.run(_found(settings, course, student))
    rows = [_row(share, settings) for share in found.shares]
    none = "Nothing is shared."
    output.show(rows, _COLUMNS, as_json=json, none=none)
    if found.left_out:
        raise Sorry(f"{found.left_out} more are shared: ask for one course or student")


@app.command
def withdraw(
    course: CourseName,
    student: StudentName,
    notebook: Annotated[str, Parameter(help="Its path; all of the student's if not given.")] = "",
    /,
    *,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Take away what STUDENT of COURSE shares; its links will never lead anywhere again."""
    return asyncio.run(_withdraw(operating.load(config), course, student, notebook))


async def _found(config: Config, course: str, student: str) -> SharesFound:
    async with operating.bus(config) as bus:
        try:
            asked = FindShares(only_course=course, only_student=student)
            return await bus.ask(asked, SharesFound)
        except BusAway as e:
            raise Sorry("the service provisioner does not answer; see the log of nbh up") from e


async def _withdraw(config: Config, course: str, student: str, notebook: str) -> int:
    from nbh_cli import carrying_out  # brings rich along, which the list does without

    try:
        command = WithdrawShares(
            course=course,
            student=student,
            notebook=names.notebook(notebook) if notebook else "",
        )
    except names.BadName as e:
        raise Sorry(str(e), 2) from e
    async with operating.bus(config) as bus:
        return await carrying_out.carry_out(bus, command, by="provisioner")


def _row(share: Share, config: Config) -> output.Row:
    row = {name: getattr(share, name) for name in _COLUMNS if name != "link"}
    return row | {"link": f"{config.origins.share}/snapshots/{share.name}.html"}
