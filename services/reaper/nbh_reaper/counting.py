"""From what is known and measured to the events that tell it (T2). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from nbh_proto import Lab, LabSampled, NodeSampled
from nbh_proto.sample import Counts, LabMeasured, LabsMeasured
from nbh_reaper.known import Known

Watched = tuple[Lab, Known]


def node_sample(
    node: str,
    measured: LabsMeasured,
    labs: Iterable[Watched],
    pooled: Mapping[str, int],
    students: Mapping[str, int],
) -> NodeSampled:
    """What a node was at this moment.

    Args:
        labs: those of this node that are somebody's.
        pooled: how many labs of each course are nobody's yet.
        students: how many have files in each course.
    """
    found: defaultdict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for lab, known in labs:
        counts = found[lab.course]
        counts["running"] += known.state == "ready"
        counts["frozen"] += known.state == "frozen"
        counts["kernels"] += known.seen.status.kernels if known.seen else 0
    for name, given in (("pooled", pooled), ("students", students)):
        for course, count in given.items():
            found[course][name] += count
    courses = {course: Counts(**counts) for course, counts in sorted(found.items())}
    total = {f: sum(getattr(c, f) for c in courses.values()) for f in Counts.__struct_fields__}
    return NodeSampled(node=node, machine=measured.node, total=Counts(**total), courses=courses)


def lab_samples(measured: LabsMeasured, labs: Iterable[Watched]) -> list[LabSampled]:
    """What each lab used until this moment; those that were another's when it was measured are
    left out."""
    theirs = {(m.course, m.student, m.generation): m for m in measured.labs}
    found = (
        (lab, known, theirs.get((lab.course, lab.student, known.generation)))
        for lab, known in labs
    )
    return [_lab_sample(lab, known, m) for lab, known, m in found if m]


def _lab_sample(lab: Lab, known: Known, measured: LabMeasured) -> LabSampled:
    return LabSampled(
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=known.generation,
        state=known.state,
        kernels=known.seen.status.kernels if known.seen else None,
        busy=bool(known.seen and known.seen.busy),
        **{
            name: getattr(measured, name)
            for name in ("cpu_seconds", "memory", "processes", "traffic", "disk", "disk_is_more")
        },
    )
