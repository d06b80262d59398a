"""What is counted of what the reaper decides (E-2), and of the labs that it looks at."""

from typing import get_args

from nbh_kit.metrics import Metrics
from nbh_proto import FreezeLab, LabStopAnnounced, LabStopWithdrawn, Message, StopLab
from nbh_proto.lab import StopReason
from nbh_reaper.reaper import Reaper


class Tally:
    """Hears what the reaper tells and asks for."""

    def __init__(self, metrics: Metrics) -> None:
        self._reaps = metrics.counter(
            "nbhosting_reaps_total",
            "What was decided about labs that nobody uses, and why.",
            action=("stop",),
            reason=get_args(StopReason),
        )
        metrics.counter(self._reaps.name, self._reaps.about, action=("freeze",), reason=("idle",))
        self._announced = metrics.counter(
            "nbhosting_stops_announced_total",
            "Stops of labs that their pages were told of, and those that were withdrawn.",
            outcome=("announced", "withdrawn"),
        )
        self._silent = metrics.gauge(
            "nbhosting_silent_labs", "Labs that do not answer the reaper right now."
        )
        self._metrics = metrics

    def hear(self, told: Message) -> None:
        """This was told, and is stored."""
        match told:
            case FreezeLab(reason=why):
                self._reaps.add("freeze", why)
            case StopLab(reason=why):
                self._reaps.add("stop", why)
            case LabStopAnnounced():
                self._announced.add("announced")
            case LabStopWithdrawn():
                self._announced.add("withdrawn")

    def watch(self, reaper: Reaper) -> None:
        """From now on say how many labs are silent."""

        async def look() -> None:
            silent = sum(known.silent is not None for _, known in reaper.labs())
            self._silent.set(to=silent)

        self._metrics.before_each_reading(look)
