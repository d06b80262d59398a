"""What became of clicks and labs."""

from collections import defaultdict

from nbh_proto import (
    AccessFailed,
    AccessOpened,
    AccessRefused,
    LabFailed,
    LabStopped,
    LabThawed,
    NotebookReset,
)
from tests.stats.counted.question import Asked, name


class Happenings(Asked):
    """Each method is named like its number."""

    def starts(self):
        clicks = self._of(AccessOpened)
        ways = sorted({e.way for e in clicks})
        rows = [(way, *_durations([e for e in clicks if e.way == way])) for way in ways]
        return sorted([*rows, ("all", *_durations(clicks))]) if clicks else []

    def starts_by_day(self):
        days = defaultdict(list)
        for e in self._of(AccessOpened):
            days[self.day(e.at)].append(e)
        return [(day, *_durations(days[day])) for day in sorted(days)]

    def thaws(self):
        by = defaultdict(list)
        for e in self._of(LabThawed):
            by[e.by].append(e)
        return [(b, *_durations(by[b])) for b in sorted(by)]

    def failures(self):
        words = {"AccessFailed": "failed", "AccessRefused": "refused", "LabFailed": "lab"}
        found = defaultdict(list)
        for e in self._of(AccessFailed, AccessRefused, LabFailed):
            found[words[type(e).__name__], e.reason].append(e)
        rows = [
            (*key, len(es), len({e.student for e in es}), max(e.at for e in es))
            for key, es in found.items()
        ]
        return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))

    def stops(self):
        found = defaultdict(list)
        for e in self._of(LabStopped):
            found[e.reason].append(e.student)
        rows = [(reason, len(who), len(set(who))) for reason, who in found.items()]
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def resets(self):
        found = defaultdict(list)
        for e in self._of(NotebookReset):
            if e.student not in self.q.left_out:
                found[name(e.notebook)].append(e.student)
        rows = [(notebook, len(who), len(set(who))) for notebook, who in found.items()]
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def summary(self):
        firsts = {}
        for e in sorted(self.ever, key=lambda e: e.at):
            firsts.setdefault(e.student, e.at)
        clicks = self._of(AccessOpened)
        counted = [e for e in self.in_range if e.student not in self.q.left_out]
        _, p50, p95, _ = _durations(clicks)
        return [
            (
                len({e.student for e in self.opens}),
                sum(at >= self.q.since for at in firsts.values()),
                len({name(e.notebook) for e in self.opens}),
                len(self.opens),
                sum(isinstance(e, AccessFailed) for e in counted),
                sum(isinstance(e, NotebookReset) for e in counted),
                p50,
                p95,
                max((e.at for e in self.opens), default=None),
            )
        ]


def _durations(events):
    """How many, and the 50th, 95th and 99th percentile; None where there are none."""
    seconds = sorted(e.seconds for e in events)
    if not seconds:
        return (0, None, None, None)
    return (len(seconds), *(Percentile(seconds, share) for share in (0.5, 0.95, 0.99)))


class Percentile:
    """Equal to what lies within 1 % of the two samples around it."""

    def __init__(self, seconds, share):
        place = share * (len(seconds) - 1)
        self.low = seconds[int(place)]
        self.high = seconds[min(int(place) + 1, len(seconds) - 1)]

    def __eq__(self, other):
        return self.low * 0.99 - 1e-6 <= other <= self.high * 1.01 + 1e-6

    def __hash__(self):
        raise TypeError

    def __repr__(self):
        return f"between {self.low} and {self.high}"
