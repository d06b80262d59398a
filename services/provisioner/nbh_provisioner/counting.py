"""What is counted of labs and accesses (E-2), from what is told of them."""

from typing import get_args

from nbh_kit.metrics import Metrics
from nbh_proto import (
    AccessFailed,
    LabFrozen,
    LabRanShort,
    LabReady,
    LabStopped,
    LabThawed,
    Message,
    WorkspaceFull,
)
from nbh_proto.access import Reason, Way
from nbh_proto.lab import Scarce, StopReason, ThawReason

_SPAWN_SECONDS = (0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 180, 300, 600)
"""JupyterHub's own bounds."""

_THAW_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)

_OF_LABS: tuple[Reason, ...] = (
    "image-missing",
    "engine-down",
    "no-memory",
    "lab-died",
    "out-of-memory",
    "lab-slow",
    "not-isolated",
)
"""Why there was no lab; an access can fail for other reasons, with one."""


class Counting:
    """Hears what this provisioner tells."""

    def __init__(self, metrics: Metrics) -> None:
        self._spawned = metrics.histogram(
            "jupyterhub_server_spawn_duration_seconds",
            "Time taken for server spawning operation: until a lab that was started answers.",
            _SPAWN_SECONDS,
            status=("success", "failure"),
        )
        self._ready = metrics.counter(
            "nbhosting_labs_ready_total",
            "Labs that answered first, by how they came to be there.",
            way=get_args(Way),
        )
        self._failed = metrics.counter(
            "nbhosting_accesses_failed_total",
            "Notebooks that could not be opened, by why.",
            reason=get_args(Reason),
        )
        self._stopped = metrics.counter(
            "nbhosting_labs_stopped_total", "Labs that ended, by why.", reason=get_args(StopReason)
        )
        self._frozen = metrics.counter("nbhosting_labs_frozen_total", "Labs that were frozen.")
        self._thawed = metrics.histogram(
            "nbhosting_lab_thaw_seconds",
            "From a click or a request to a frozen lab until it ran.",
            _THAW_SECONDS,
            by=get_args(ThawReason),
        )
        self._short = metrics.counter(
            "nbhosting_labs_ran_short_total",
            "How often labs were refused more than they may have.",
            of=get_args(Scarce),
        )
        self._full = metrics.counter(
            "nbhosting_workspaces_full_total", "How often students had used up their share."
        )

    def hear(self, told: Message) -> None:
        """This was told, and is stored."""
        match told:
            case LabReady(way=way, seconds=seconds):
                self._ready.add(way)
                self._spawned.observe(seconds, "success")
            case AccessFailed(reason=reason, seconds=seconds):
                self._failed.add(reason)
                if reason in _OF_LABS:
                    self._spawned.observe(seconds, "failure")
            case LabStopped(reason=why):
                self._stopped.add(why)
            case LabFrozen():
                self._frozen.add()
            case LabThawed(by=by, seconds=seconds):
                self._thawed.observe(seconds, by)
            case LabRanShort(of=of):
                self._short.add(of)
            case WorkspaceFull():
                self._full.add()
