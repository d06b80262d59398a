"""Asks each node what it and its labs use, and tells it (T2)."""

import asyncio
import contextlib
from collections import Counter

import structlog

from nbh_kit.bus import Bus, BusAway
from nbh_proto import CountWorkspaces, MeasureLabs
from nbh_proto.sample import LabsMeasured
from nbh_proto.workspace import WorkspacesCounted
from nbh_reaper import counting
from nbh_reaper.reaper import Reaper

_WITHIN = 30.0
_SETTLED_WITHIN = 30.0

logger = structlog.get_logger(__name__)


class Sampling:
    """One round at a time."""

    def __init__(self, bus: Bus, reaper: Reaper, node: str) -> None:
        """Take the node that is sampled even while it has no lab."""
        self._bus = bus
        self._reaper = reaper
        self._node = node

    async def round(self) -> None:
        """Sample all nodes; a reaper that has just started first sees what there is."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reaper.settled(), _SETTLED_WITHIN)
        nodes = {self._node} | {lab.node for lab, _ in self._reaper.labs()}
        for node in sorted(nodes):
            try:
                await self._sample(node)
            except BusAway as e:
                logger.warning("a node is not sampled", node=node, error=str(e))

    async def _sample(self, node: str) -> None:
        measured = await self._bus.ask(MeasureLabs(node=node), LabsMeasured, within=_WITHIN)
        counted = await self._bus.ask(
            CountWorkspaces(node=node), WorkspacesCounted, within=_WITHIN
        )
        self._reaper.learn(measured.labs)
        labs = [pair for pair in self._reaper.labs() if pair[0].node == node]
        pooled = Counter(lab.course for lab in self._reaper.pooled() if lab.node == node)
        told = counting.node_sample(node, measured, labs, pooled, counted.students)
        # Not for ever: the next sample is worth more than this one.
        for event in (told, *counting.lab_samples(measured, labs)):
            await self._bus.tell(event)
