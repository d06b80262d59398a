"""What students did."""

from collections import Counter, defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.stats.counted.question import Asked, name


class People(Asked):
    """Each method is named like its number."""

    def notebooks(self):
        students, opens = defaultdict(set), Counter()
        for e in self.opens:
            students[name(e.notebook)].add(e.student)
            opens[name(e.notebook)] += 1
        return [(n, len(students[n]), opens[n]) for n in sorted(opens)]

    def notebooks_over_time(self):
        seen = defaultdict(set)
        rows = {}
        for e in sorted(self.opens, key=lambda e: e.at):
            notebook = name(e.notebook)
            if e.student not in seen[notebook]:
                seen[notebook].add(e.student)
                until = self._begin_of_step(e.at) + timedelta(seconds=self.q.step)
                rows[until, notebook] = len(seen[notebook])
        return sorted((until, notebook, n) for (until, notebook), n in rows.items())

    def notebooks_per_student(self):
        opened = defaultdict(set)
        for e in self.opens:
            opened[e.student].add(name(e.notebook))
        return sorted(Counter(len(notebooks) for notebooks in opened.values()).items())

    def _by_day(self, what):
        firsts = {}
        for e in sorted(self.ever, key=lambda e: e.at):
            firsts.setdefault(what(e), e.at)
        seen = defaultdict(set)
        for e in self.opens:
            seen[self.day(e.at)].add(what(e))
        rows: list[tuple] = []
        if not seen:
            return rows
        day = min(seen)
        while day <= max(seen):
            new = [w for w, at in firsts.items() if at >= self.q.since and self.day(at) == day]
            total = [w for w, at in firsts.items() if self.day(at) <= day]
            rows.append((day, len(seen.get(day, ())), len(new), len(total)))
            day += timedelta(days=1)
        return rows

    def students_by_day(self):
        return self._by_day(lambda e: e.student)

    def notebooks_by_day(self):
        return self._by_day(lambda e: name(e.notebook))

    def growth(self):
        students, notebooks = set(), set()
        rows = {}
        for e in sorted(self.ever, key=lambda e: e.at):
            before = len(students), len(notebooks)
            students.add(e.student)
            notebooks.add(name(e.notebook))
            now = len(students), len(notebooks)
            if now != before and e.at >= self.q.since:
                rows[e.at.replace(microsecond=0)] = now
        return [(at, *both) for at, both in sorted(rows.items())]

    def map(self):
        cells = Counter((e.student, name(e.notebook)) for e in self.opens)
        totals = Counter(e.student for e in self.opens)
        most = sorted(totals, key=lambda student: (-totals[student], student))[: self.q.limit]
        return [
            (student, notebook, cells[student, notebook], totals[student])
            for student in most
            for notebook in sorted(n for s, n in cells if s == student)
        ]

    def students(self):
        opens = defaultdict(list)
        for e in self.opens:
            opens[e.student].append(e)
        most = sorted(opens, key=lambda student: (-len(opens[student]), student))
        return [
            (
                student,
                len({name(e.notebook) for e in opens[student]}),
                len(opens[student]),
                min(e.at for e in opens[student]),
                max(e.at for e in opens[student]),
            )
            for student in most[: self.q.limit]
        ]

    def hours(self):
        local = [e.at.astimezone(ZoneInfo(self.q.zone)) for e in self.opens]
        hours = Counter((at.isoweekday(), at.hour) for at in local)
        return [(*hour, n) for hour, n in sorted(hours.items())]

    def return_visits(self):
        def monday(at):
            return self.day(at) - timedelta(days=self.day(at).weekday())

        seen = defaultdict(list)
        for e in self.ever:
            seen[e.student].append(e.at)
        cohorts = Counter()
        for visits in seen.values():
            if min(visits) >= self.q.since:
                first = monday(min(visits))
                for week in {(monday(at) - first).days // 7 for at in visits}:
                    cohorts[first, week] += 1
        return [(*key, n) for key, n in sorted(cohorts.items())]

    def funnel(self):
        order = [notebook for _, notebook in self.q.track]
        opened = defaultdict(set)
        for e in self.opens:
            if name(e.notebook) in order:
                opened[e.student].add(order.index(name(e.notebook)))
        rows = []
        for n, (section, notebook) in enumerate(self.q.track):
            rows.append(
                (
                    n + 1,
                    section,
                    notebook,
                    notebook,
                    sum(n in places for places in opened.values()),
                    sum(max(places) >= n for places in opened.values()),
                    sum(max(places) == n for places in opened.values()),
                )
            )
        return rows
