"""`nbh import-nbhosting`."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.original import plan as plans
from nbh_cli.original import root as roots
from nbh_cli.original import site_settings
from nbh_cli.original.plan import NotTaken, Plan
from nbh_cli.original.report import Report
from nbh_cli.sorry import Sorry
from nbh_cli.units import counted
from nbh_kit.config import Config


def import_nbhosting(
    root: Annotated[
        Path, Parameter(help="The folder of nbhosting 0.59, such as /nbhosting/prod.")
    ],
    /,
    *,
    course: Annotated[
        tuple[str, ...],
        Parameter(negative="", help="These only; may be said several times."),
    ] = (),
    settings: Annotated[
        Path | None, Parameter(help="Its sitesettings.py: what means the same here is printed.")
    ] = None,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Print what would be done, and do nothing.")
    ] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Take over courses, students' files and statistics of nbhosting 0.59 from its ROOT.

    The system runs meanwhile; nothing in ROOT is changed, and nothing here that is newer. What was
    taken is known: say it again as often as you like, to go on or to have what is new there.
    The exit status is 1 if something could not be taken.
    """
    folder = root.absolute()
    if not roots.looks_like_one(folder):
        raise Sorry(f"{folder} is no root of nbhosting 0.59: it has courses-git, students, raw", 2)
    given = operating.load(config)
    said = _settings(settings)
    plan = plans.made(roots.read(folder), course)
    if dry_run:
        _show(_planned(plan), plan.not_taken, as_json=json)
        status = 0
    else:
        status = _import(plan, given, as_json=json)
    if said and not json:
        print(f"\nWhat {settings} says, for {config}:\n\n{said}")
    return status


def _import(plan: Plan, config: Config, *, as_json: bool) -> int:
    from nbh_cli.original import taking  # brings rich along

    async def take() -> Report:
        async with operating.bus(config) as bus:
            return await taking.carry_out(bus, config, plan, _say)

    report = asyncio.run(take())
    _show(report.taken, report.not_taken, as_json=as_json)
    return 1 if report.not_taken else 0


def _settings(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return site_settings.ours(site_settings.read(file))
    except site_settings.Unreadable as e:
        raise Sorry(str(e), 2) from e


def _planned(plan: Plan) -> list[tuple[str, str]]:
    students: dict[str, int] = {}
    for _, course in plan.workspaces:
        students[course] = students.get(course, 0) + 1
    return [
        *((f"local/{course}/{file.name}", "copied") for course, file in plan.overrides),
        *((f"students' files of {c}", counted(n, "student")) for c, n in students.items()),
        *((f"course {c.course}", f"from {c.giturl} {c.branch}".strip()) for c in plan.courses),
        *((f"raw/{course}/{file.name}", "imported") for course, file in plan.statistics),
    ]


def _show(taken: Sequence[tuple[str, str]], left: Sequence[NotTaken], *, as_json: bool) -> None:
    if as_json:
        for what, how in taken:
            output.print_json({"taken": True, "what": output.text(what), "how": output.text(how)})
        for each in left:
            fields = {name: output.text(value) for name, value in each._asdict().items()}
            output.print_json({"taken": False} | fields)
        return
    rows = [{"taken": what, "how": how} for what, how in taken]
    output.show(rows, ("taken", "how"), as_json=False, none="There is nothing to take.")
    if left:
        print(output.bold(f"\n{counted(len(left), 'thing')} not taken:"))
    for each in left:
        what, why, advice = map(output.text, each)
        print(f"\n{what}\n    {why}\n    -> {advice}")


def _say(line: str) -> None:
    print(output.text(line), file=sys.stderr, flush=True)
