"""How this node stands, for Prometheus (E-2): labs, the pool, who waits, memory, disks."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import get_args

from nbh_kit.metrics import Metrics
from nbh_proto.buckets import LabState
from nbh_provisioner.disks import Disks
from nbh_provisioner.labs import Labs
from nbh_provisioner.memory import Memory
from nbh_provisioner.pool import Pool
from nbh_provisioner.starts import Starts

_UP = ("ready", "frozen")


class Standing:
    """Of one node."""

    def __init__(
        self,
        metrics: Metrics,
        *,
        labs: Labs,
        pool: Pool,
        starts: Starts,
        disks: Disks,
        read_memory: Callable[[], Memory],
        opening: Mapping[tuple[str, str], int],
    ) -> None:
        self._labs = labs
        self._pool = pool
        self._starts = starts
        self._disks = disks
        self._read_memory = read_memory
        self._opening = opening
        self._gauges(metrics)
        metrics.before_each_reading(self.look)

    def _gauges(self, metrics: Metrics) -> None:
        gauge, disks = metrics.gauge, self._disks.names
        self._states = gauge("nbhosting_labs", "Labs, by state.", state=get_args(LabState))
        self._running = gauge(
            "jupyterhub_running_servers", "The number of user servers currently running."
        )
        self._pooled = gauge(
            "nbhosting_pool_labs",
            "Labs of the pool, by whether they have booted.",
            state=("booted", "booting"),
        )
        self._wanted = gauge("nbhosting_pool_wanted_labs", "Labs that the pool should have.")
        self._queue = gauge(
            "nbhosting_starts", "Starts of labs, by state.", state=("running", "waiting")
        )
        self._accesses = gauge(
            "nbhosting_accesses_in_hand", "Notebooks that are being opened right now."
        )
        self._memory = gauge("nbhosting_memory_bytes", "Memory of this machine.")
        self._available = gauge(
            "nbhosting_memory_available_bytes", "Memory that can be had without swapping."
        )
        self._disk = gauge("nbhosting_disk_bytes", "Size of a file system.", disk=disks)
        self._free = gauge("nbhosting_disk_free_bytes", "Room on a file system.", disk=disks)
        self._files = gauge(
            "nbhosting_disk_free_files_ratio", "Share of its files that is left.", disk=disks
        )
        self._least = gauge(
            "nbhosting_disk_wanted_bytes", "Room below which nobody new is let in."
        )

    async def look(self) -> None:
        """Set all of them."""
        self._look_at_labs()
        memory = self._read_memory()
        self._memory.set(to=memory.total)
        self._available.set(to=memory.available)
        self._least.set(to=self._disks.free_bytes)
        for name, room in (await self._disks.rooms()).items():
            self._disk.set(name, to=room.total)
            self._free.set(name, to=room.free)
            self._files.set(name, to=room.files)

    def _look_at_labs(self) -> None:
        states = Counter[str](lab.state for lab in self._labs.all())
        self._running.set(to=sum(states[state] for state in _UP))
        slots = self._pool.slots
        booted = sum(slot.answers for slot in slots)
        states["pooled"] = len(slots)
        self._states.set_all(states)
        self._pooled.set_all({"booted": booted, "booting": len(self._pool.labs) - booted})
        self._wanted.set(to=self._pool.wanted)
        self._queue.set_all({"running": self._starts.running, "waiting": self._starts.waiting})
        self._accesses.set(to=sum(self._opening.values()))
