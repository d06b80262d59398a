"""All courses at one look."""

from collections import defaultdict

from tests.stats.counted import Counted


class Site:
    """Each method is named like its number; ``staff`` is who is left out of each course."""

    def __init__(self, events, question, staff):
        self._each = {
            course: Counted(events, question._replace(course=course, left_out=frozenset(who)))
            for course, who in staff.items()
        }

    def courses(self):
        return [
            (name, len({e.student for e in opens}), len(opens), max(e.at for e in opens))
            for name in sorted(self._each)
            if (opens := self._each[name].opens)
        ]

    def courses_by_day(self):
        days = defaultdict(set)
        for name, course in self._each.items():
            for e in course.opens:
                days[name, course.day(e.at)].add(e.student)
        return [(*key, len(who)) for key, who in sorted(days.items())]

    def usage(self):
        rows = [(name, *course.usage_of_all()) for name, course in self._each.items()]
        return sorted((row for row in rows if row[1]), key=lambda row: (-row[2], row[0]))

    def nodes(self):
        return next(iter(self._each.values())).site_nodes()
