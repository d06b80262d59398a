"""What is counted of builds (E-2), from what is told of them."""

from typing import get_args

from nbh_kit.metrics import Metrics
from nbh_proto import BuildFinished, Message
from nbh_proto.build import Outcome, What

_SECONDS = (10.0, 30.0, 60.0, 300.0, 600.0, 1800.0)


class Counting:
    """Hears what this builder tells."""

    def __init__(self, metrics: Metrics) -> None:
        self._ended = metrics.counter(
            "nbhosting_builds_total",
            "Builds, by what was built and how that ended.",
            what=get_args(What),
            outcome=get_args(Outcome),
        )
        self._seconds = metrics.histogram(
            "nbhosting_build_seconds", "How long builds took.", _SECONDS, what=get_args(What)
        )

    def hear(self, told: Message) -> None:
        """This was told, and is stored."""
        match told:
            case BuildFinished(what=what, outcome=outcome, seconds=seconds):
                self._ended.add(what, outcome)
                self._seconds.observe(seconds, what)
