"""What labs and machines used."""

from collections import defaultdict

from nbh_proto import LabSampled, NodeSampled
from tests.stats.counted.question import Asked


class Machines(Asked):
    """Each method is named like its number."""

    def _samples(self, counts_of):
        """The most of each node in each step, and these of all nodes together."""
        most = defaultdict(lambda: [0] * 5)
        for e in self.happened:
            if not isinstance(e, NodeSampled) or not self._is_in_range(e):
                continue
            if (c := counts_of(e)) is not None:
                values = [c.running, c.frozen, c.pooled, c.kernels, c.students]
                key = self._begin_of_step(e.at), e.node
                most[key] = [max(both) for both in zip(most[key], values, strict=True)]
        steps = defaultdict(lambda: [0] * 5)
        for (step, _), highest in most.items():
            steps[step] = [sum(both) for both in zip(steps[step], highest, strict=True)]
        return steps

    def labs(self):
        here = self._samples(lambda e: e.courses.get(self.q.course))
        everywhere = self._samples(lambda e: e.total)
        return [(at, *here[at], *everywhere[at]) for at in sorted(everywhere)]

    def node_labs(self):
        counts = self._samples(lambda e: e.total if e.node == self.q.node else None)
        return [(at, *counts[at]) for at in sorted(counts)]

    def _by_step(self, node=""):
        steps = defaultdict(list)
        for e in self.happened:
            if isinstance(e, NodeSampled) and self._is_in_range(e) and node in ("", e.node):
                steps[self._begin_of_step(e.at)].append(e.machine)
        return sorted(steps.items())

    def _is_in_range(self, e):
        return self.q.since <= e.at < self.q.until

    def node_machine(self):
        return [
            (at, *_loads(found), *_memory(found), *_disks(found, "data", "containers", "system"))
            for at, found in self._by_step(self.q.node)
        ]

    def counts(self):
        here = self._samples(lambda e: e.courses.get(self.q.course))
        everywhere = self._samples(lambda e: e.total)
        rows = []
        for at, found in self._by_step():
            if at in here:
                running, frozen, _, kernels, students = here[at]
                loads = [round(load * 100) for load in _loads(found)]
                disks = _disks(found, "containers", "data", "system")
                free = [x if x is None else round(x) for x in disks]
                total = everywhere[at][0] + everywhere[at][1], everywhere[at][3]
                whole = (at, running, frozen, kernels, students)
                rows.append((*whole, *loads, *free, *_memory(found), *total))
        return rows

    def site_nodes(self):
        seen = defaultdict(list)
        for e in self.happened:
            if isinstance(e, NodeSampled) and self._is_in_range(e):
                seen[e.node].append(e.at)
        return [(node, min(seen[node]), max(seen[node])) for node in sorted(seen)]

    def _labs_in_range(self):
        labs = defaultdict(list)
        for e in self.of_course:
            if isinstance(e, LabSampled) and e.at < self.q.until:
                labs[e.student, e.generation].append(e)
        return {k: es for k, es in labs.items() if any(e.at >= self.q.since for e in es)}

    def usage_of_all(self):
        return self._used(list(self._labs_in_range().values()))[:-1]

    def usage(self):
        students = defaultdict(list)
        for (student, _), samples in self._labs_in_range().items():
            students[student].append(samples)
        rows = [(student, *self._used(students[student])) for student in students]
        return sorted(rows, key=lambda row: (-row[2], row[0]))[: self.q.limit]

    def _used(self, labs):
        cpu, memory, disk = 0.0, [], 0
        for samples in labs:
            before = [e.cpu_seconds or 0 for e in samples if e.at < self.q.since]
            cpu += max(e.cpu_seconds or 0 for e in samples) - max(before, default=0)
            inside = [e for e in samples if e.at >= self.q.since]
            memory += [e.memory for e in inside if e.memory is not None]
            disk = max([disk, *(e.disk or 0 for e in inside)])
        mean = int(sum(memory) / len(memory)) if memory else 0
        return len(labs), round(cpu, 3), mean, max(memory, default=0), disk


def _loads(machines):
    return [max(getattr(m, name) for m in machines) for name in ("load1", "load5", "load15")]


def _memory(machines):
    total = max(m.memory_total for m in machines)
    return total, *(
        min(getattr(m, f"memory_{n}") for m in machines) for n in ("free", "available")
    )


def _disks(machines, *names):
    for name in names:
        disks = [disk for m in machines if (disk := getattr(m, f"{name}_disk"))]
        yield min((disk.free_percent for disk in disks), default=None)
        yield min((disk.free_mib for disk in disks), default=None)
