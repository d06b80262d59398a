"""Carries out what operators and the reaper ask of this node."""

from datetime import timedelta

from nbh_kit.bus import Bus
from nbh_proto import CommandDone, CommandFailed, FreezeLab, StopLab, lab_key, now
from nbh_proto.course import CommandAnswer
from nbh_proto.streams import PATIENCE
from nbh_provisioner.labs import Labs
from nbh_provisioner.lease_messages import FreezeAsked

_OF_THE_REAPER = timedelta(seconds=60)
"""So long what the reaper saw of a lab holds: who came since would lose what they compute. It
looks again, and asks again where it still must."""

TYPES = (StopLab, FreezeLab)
"""The commands that are taken here."""


class Commands:
    """The handler of `TYPES`. What it answers is the last word on a command."""

    def __init__(self, bus: Bus, labs: Labs) -> None:
        self._bus = bus
        self._labs = labs

    async def handle(self, command: StopLab | FreezeLab) -> None:
        """Carry out a command, unless who asked has left by now."""
        await self._bus.answer(command.answer_to, await self._outcome(command))

    async def _outcome(self, command: StopLab | FreezeLab) -> CommandAnswer:
        await self._labs.adopted.wait()
        if _is_late(command):
            return CommandFailed(
                about=command.id, reason="expired", detail="nobody could do it in time"
            )
        match command:
            case StopLab():
                return await self._stop(command)
            case FreezeLab():
                return await self._freeze(command)

    async def _stop(self, command: StopLab) -> CommandAnswer:
        """Stop a lab, gently; stopping one that is not there is done at once."""
        key = lab_key(command.course, command.student)
        stopped = await self._labs.stop(key, command.reason, command.generation)
        line = "the lab is stopped" if stopped else "there is no such lab"
        return CommandDone(about=command.id, line=line)

    async def _freeze(self, command: FreezeLab) -> CommandAnswer:
        """Freeze a lab, unless it is in use; freezing one that is not there is done at once."""
        key = lab_key(command.course, command.student)
        asked = FreezeAsked(command.reason, command.generation, command.idle_since)
        over = await self._labs.freeze(key, asked)
        match over.outcome:
            case "frozen":
                return CommandDone(about=command.id, line="the lab is frozen")
            case "nothing":
                return CommandDone(about=command.id, line=over.detail)
            case reason:
                return CommandFailed(about=command.id, reason=reason, detail=over.detail)


def _is_late(command: StopLab | FreezeLab) -> bool:
    holds = PATIENCE if command.reason == "asked" else _OF_THE_REAPER
    return now() - command.at > holds
