"""What labs and nodes use: measured by the provisioner of a node, told by the reaper."""

from typing import ClassVar

import msgspec

from nbh_proto._message import Event, Question
from nbh_proto._reply import Reply
from nbh_proto.buckets import LabState


class MeasureLabs(Question, frozen=True, kw_only=True):
    """What a node and its labs use right now. Asked by the reaper."""

    subject: ClassVar[str] = "nbh.question.labs.measure.{node}"

    node: str


class LabMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """One lab that is up. What cannot be measured on that node is None."""

    course: str
    student: str
    generation: int
    cpu_seconds: float | None = None
    """Since its container started."""

    memory: int | None = None
    """Bytes, with the files that it holds in memory."""

    processes: int | None = None
    traffic: int | None = None
    """Bytes that went in and out of its network since its container started."""

    disk: int | None = None
    """Bytes of the student's workspace, as of the last minutes; None until it is known."""

    disk_is_more: bool = False
    """Whether there is more than that: so many files are not counted to their end."""

    outdated: bool = False
    """Whether its course's image is another one by now."""


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """Room on one file system."""

    free_percent: float
    free_mib: int


class NodeMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that runs labs (T2)."""

    load1: float
    load5: float
    load15: float
    memory_total: int
    """Bytes, as are the next two."""

    memory_free: int
    memory_available: int
    data_disk: Disk | None = None
    """Where students' files are."""

    containers_disk: Disk | None = None
    """Where podman keeps images and containers."""

    system_disk: Disk | None = None
    """Where ``/`` is."""


class LabsMeasured(Reply, frozen=True, kw_only=True):
    """The reply to `MeasureLabs`."""

    node: NodeMeasured
    labs: tuple[LabMeasured, ...]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Labs and kernels on one node, of one course or all (T2)."""

    running: int = 0
    frozen: int = 0
    pooled: int = 0
    """Labs that are nobody's yet."""

    kernels: int = 0
    """As labs told when they were last looked at."""

    students: int = 0
    """Who have files."""


class NodeSampled(Event, frozen=True, kw_only=True):
    """What a node's machine and labs were at this moment (T2). Told by the reaper."""

    subject: ClassVar[str] = "nbh.event.node.sampled.{node}"

    node: str
    machine: NodeMeasured
    total: Counts
    courses: dict[str, Counts]


class LabSampled(Event, frozen=True, kw_only=True):
    """What a lab used until this moment. Told by the reaper."""

    subject: ClassVar[str] = "nbh.event.lab.sampled.{course}"

    node: str
    course: str
    student: str
    generation: int
    state: LabState
    kernels: int | None = None
    """None before the lab was first asked."""

    busy: bool
    """Whether one of them computed when the lab was last looked at."""

    cpu_seconds: float | None = None
    """As in `LabMeasured`, and so are the next ones."""

    memory: int | None = None
    processes: int | None = None
    traffic: int | None = None
    disk: int | None = None
    disk_is_more: bool = False
