"""Carries out what operators ask of this node."""

from nbh_kit.bus import Bus
from nbh_proto import CommandDone, CommandFailed, StopLab, lab_key, now
from nbh_proto.streams import PATIENCE
from nbh_provisioner.labs import Labs


class Commands:
    """The handler of `StopLab`."""

    def __init__(self, bus: Bus, labs: Labs) -> None:
        self._bus = bus
        self._labs = labs

    async def stop(self, command: StopLab) -> None:
        """Stop a lab, gently; stopping one that is not there is done at once."""
        if now() - command.at > PATIENCE:
            expired = CommandFailed(
                about=command.id, reason="expired", detail="nobody could do it in time"
            )
            await self._bus.answer(command.answer_to, expired)
            return
        await self._labs.adopted.wait()
        key = lab_key(command.course, command.student)
        stopped = await self._labs.stop(key, command.reason, command.generation)
        line = "the lab is stopped" if stopped else "there is no such lab"
        await self._bus.answer(command.answer_to, CommandDone(about=command.id, line=line))
