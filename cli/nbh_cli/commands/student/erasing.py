"""`nbh student erase`: nothing is left of a student."""

import asyncio
from collections.abc import Iterable
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import mentions, operating, output, units
from nbh_cli.commands.student.exporting import check
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile, StudentName
from nbh_cli.sorry import Sorry
from nbh_kit.bus import Bus, BusAway
from nbh_kit.config import Config
from nbh_proto import Command, CommandFailed, EraseWorkspaces, Lab, StopLab
from nbh_proto.stats import EraseStudent
from nbh_proto.workspace import WorkspacesErased

_WITHIN = 600.0
_TRIES = 5
"""Who clicks while they are erased gets a lab again."""

_ELSEWHERE = {
    "ACCOUNTS": "nbh account remove {key}",
    "COURSES": "nbh course set {key} --staff, without them",
    "GROUPS": "take them out of the group {key}",
}


def erase(
    student: StudentName,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Without this nothing is removed.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Remove all that is kept of STUDENT: labs, files with what resets kept, shared pages,
    statistics, messages and dead letters. What they do from now on is kept again.

    Backups from before still have them, for as long as these are kept. Exit status 1 if something
    names them that only a person can change; it is said what.
    """
    check(student)
    if not yes:
        raise Sorry(f"this cannot be undone; to erase {student} say --yes", 2)
    return asyncio.run(_erase(operating.load(config), student))


async def _erase(config: Config, student: str) -> int:
    async with operating.bus(config) as bus:
        erased = await _files(config, bus, student)
        print(
            f"files: in {units.counted(len(erased.courses), 'course')}; "
            f"{units.counted(erased.shares, 'shared page')}"
        )
        print(f"statistics: {await _done(bus, EraseStudent(student=student), 'stats')}")
        print(f"messages: {await mentions.forget(bus, student)}")
        left = [value async for value in mentions.values(bus, student)]
    for line in _lines(left):
        print(line)
    return 1 if left else 0


async def _files(config: Config, bus: Bus, student: str) -> WorkspacesErased:
    """End their labs, then have their files removed."""
    asked = EraseWorkspaces(node=config.provisioner.node, student=student)
    for _ in range(_TRIES):
        for lab in (held.value for held in (await operating.all_of(bus, Lab)).values()):
            if lab.student == student:
                print(f"lab of {lab.course}: {await _stopped(bus, lab)}")
        try:
            erased = await bus.ask(asked, WorkspacesErased, within=_WITHIN)
        except BusAway as e:
            raise Sorry("the service provisioner does not answer; see the log of nbh up") from e
        if erased.error:
            raise Sorry(erased.error)
        if not erased.labs:
            return erased
    raise Sorry(f"{student} opens labs again and again ({', '.join(erased.labs)}): nbh drain")


async def _stopped(bus: Bus, lab: Lab) -> str:
    command = StopLab(node=lab.node, course=lab.course, student=lab.student)
    return await _done(bus, command, "provisioner")


async def _done(bus: Bus, command: Command, by: str) -> str:
    from nbh_cli import carrying_out  # brings rich along

    try:
        last = await carrying_out.outcome(bus, command, lambda _: None)
    except TimeoutError as e:
        raise Sorry(f"nobody carried it out; does the service {by} run?") from e
    if isinstance(last, CommandFailed):
        raise Sorry(carrying_out.why(last))
    return last.line or "done"


def _lines(left: Iterable[mentions.Value]) -> Iterable[str]:
    for value in left:
        what = _ELSEWHERE.get(value.bucket, "{key}")
        yield output.text(f"still named in {value.bucket}: {what.format(key=value.key)}")
