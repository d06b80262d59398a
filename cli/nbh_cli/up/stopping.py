"""Asks for the end of all labs, over the bus."""

import asyncio

from nbh_cli.host.running import Say
from nbh_kit import bus as buses
from nbh_kit.buckets import Bucket, Snapshot
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.run import configure_logging
from nbh_proto import CommandDone, CommandFailed, CommandProgress, Lab, StopLab
from nbh_proto.course import CommandAnswer

_CONNECTED_WITHIN = 2.0


async def stop_all(config: Config, say: Say) -> None:
    """Return once the provisioner has answered for each lab.

    Raises:
        BusAway: NATS is away.
    """
    configure_logging("nbh", "error")
    password = config.password_of("operator")
    async with buses.connect(
        config.nats.url,
        name="operator",
        user="operator" if password else "",
        password=password,
        within=_CONNECTED_WITHIN,
    ) as bus:
        # what is nobody's has nothing to save, and goes with what is left
        labs = [lab for lab in await _labs(bus) if lab.state not in ("failed", "pooled")]
        if labs:
            say(f"ending {len(labs)} lab{'s' if len(labs) > 1 else ''}")
            await _stop(bus, labs)


async def _labs(bus: Bus) -> list[Lab]:
    async for change in Bucket(bus, Lab).watch():
        if isinstance(change, Snapshot):
            return [held.value for held in change.all.values()]
    return []


async def _stop(bus: Bus, labs: list[Lab]) -> None:
    answered: asyncio.Queue[CommandDone | CommandFailed] = asyncio.Queue()

    def hear(answer: CommandAnswer) -> None:
        if not isinstance(answer, CommandProgress):
            answered.put_nowait(answer)

    async with bus.inbox(CommandAnswer, hear) as inbox:
        for lab in labs:
            await bus.tell(
                StopLab(node=lab.node, course=lab.course, student=lab.student, answer_to=inbox)
            )
        for _ in labs:
            await answered.get()
