"""Numbers for Prometheus (E-2), and the text in which it reads them.

Counters only grow, gauges say how much there is, histograms count what took up to so long. Whoever
counts makes their numbers from the one `Metrics` of their process, which `nbh_kit.health` serves.

The values of a label are given when a number is made, so each of its series is there from the
start, at 0, and nothing that anybody types becomes one: what is not among them is "other".
"""

import asyncio
import itertools
import math
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import structlog

OTHER = "other"
"""The value of a label that is none of those it has."""

SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""What a person waits for."""

_COLLECT_WITHIN = 5.0

Collect = Callable[[], Awaitable[None]]
"""Sets gauges to what is so right now; called before each reading."""

Values = tuple[str, ...]
S = TypeVar("S")
F = TypeVar("F", bound="Family[Any]")

logger = structlog.get_logger(__name__)


class Sample(NamedTuple):
    """One line: what follows the family's name, its labels, its value."""

    suffix: str
    labels: Mapping[str, str]
    value: float


class Family(ABC, Generic[S]):
    """A number with its labels: one series for each combination of their values."""

    kind: ClassVar[str]

    def __init__(self, name: str, about: str, labels: Mapping[str, Sequence[str]]) -> None:
        self.name = name
        self.about = about
        self._labels: dict[str, set[str]] = {label: set() for label in labels}
        self._series: dict[Values, S] = {}
        self.widen(labels)

    def widen(self, labels: Mapping[str, Sequence[str]]) -> None:
        """Have series for these values of the same labels too."""
        for label, values in labels.items():
            self._labels[label].update(values)
        for key in itertools.product(*labels.values()):
            self._series.setdefault(key, self._fresh())

    @abstractmethod
    def samples(self) -> Iterator[Sample]:
        """All of them."""

    @abstractmethod
    def _fresh(self) -> S: ...

    def _key(self, values: Values) -> Values:
        if values in self._series:
            return values
        known = zip(values, self._labels.values(), strict=True)
        return tuple(value if value in those else OTHER for value, those in known)

    def _named(self, key: Values) -> dict[str, str]:
        return dict(zip(self._labels, key, strict=True))


class _Plain(Family[float]):
    """One value for each series."""

    def value(self, *labels: str) -> float:
        """What a series stands at."""
        return self._series[self._key(labels)]

    def samples(self) -> Iterator[Sample]:
        """One for each series."""
        for key, value in self._series.items():
            yield Sample("", self._named(key), value)

    def _fresh(self) -> float:
        return 0.0


class Counter(_Plain):
    """How often something happened; its name ends with ``_total``."""

    kind = "counter"

    def add(self, *labels: str, by: float = 1.0) -> None:
        """It happened once more, or so many times."""
        key = self._key(labels)
        self._series[key] = self._series.get(key, 0.0) + by


class Gauge(_Plain):
    """How much of something there is."""

    kind = "gauge"

    def set(self, *labels: str, to: float) -> None:
        """So much there is now."""
        self._series[self._key(labels)] = to

    def set_all(self, counted: Mapping[str, float]) -> None:
        """So much there is by the values of the only label; nothing of those not named."""
        self._series = dict.fromkeys(self._series, 0.0)
        for label, number in counted.items():
            self.set(label, to=number)

    def forget(self) -> None:
        """Nobody knows: there is no series until one is set."""
        self._series.clear()


class Observed:
    """One series of a histogram."""

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.sum = 0.0


class Histogram(Family[Observed]):
    """How many of something were up to so large, cumulated."""

    kind = "histogram"

    def __init__(
        self, name: str, about: str, labels: Mapping[str, Sequence[str]], bounds: Sequence[float]
    ) -> None:
        self._bounds = (*bounds, math.inf)
        super().__init__(name, about, labels)

    def observe(self, value: float, *labels: str) -> None:
        """One more was so large."""
        key = self._key(labels)
        series = self._series.get(key) or self._series.setdefault(key, self._fresh())
        series.counts[bisect_left(self._bounds, value)] += 1
        series.sum += value

    def count(self, *labels: str) -> int:
        """How many there were."""
        return sum(self._series[self._key(labels)].counts)

    def samples(self) -> Iterator[Sample]:
        """For each series its buckets, the sum and the count."""
        for key, series in self._series.items():
            named = self._named(key)
            totals = list(itertools.accumulate(series.counts))
            for bound, total in zip(self._bounds, totals, strict=True):
                yield Sample("_bucket", {**named, "le": written(bound)}, total)
            yield Sample("_sum", named, series.sum)
            yield Sample("_count", named, totals[-1])

    def _fresh(self) -> Observed:
        return Observed(len(self._bounds))


class Metrics:
    """All numbers of one process, and who sets those that are only looked at."""

    def __init__(self) -> None:
        self._families: dict[str, Family[Any]] = {}
        self._collects: list[Collect] = []

    def counter(self, name: str, about: str, **labels: Sequence[str]) -> Counter:
        """A counter; the same one where it is there already, for these values too."""
        return self._had(Counter(name, about, labels), labels)

    def gauge(self, name: str, about: str, **labels: Sequence[str]) -> Gauge:
        """A gauge; the same one where it is there already, for these values too."""
        return self._had(Gauge(name, about, labels), labels)

    def histogram(
        self, name: str, about: str, bounds: Sequence[float] = SECONDS, **labels: Sequence[str]
    ) -> Histogram:
        """A histogram with these upper bounds; the same one where it is there already."""
        return self._had(Histogram(name, about, labels, bounds), labels)

    def before_each_reading(self, collect: Collect) -> None:
        """Have gauges set just before they are read."""
        self._collects.append(collect)

    async def families(self) -> list[Family[Any]]:
        """All of them now. What cannot be collected in five seconds stays as it was."""
        await asyncio.gather(*map(_collected, self._collects))
        return list(self._families.values())

    def _had(self, family: F, labels: Mapping[str, Sequence[str]]) -> F:
        there = self._families.setdefault(family.name, family)
        if type(there) is not type(family):
            raise ValueError(f"{family.name} is a {there.kind}")
        there.widen(labels)
        return there


async def _collected(collect: Collect) -> None:
    try:
        await asyncio.wait_for(collect(), _COLLECT_WITHIN)
    except Exception as e:
        logger.info("a number is not known", error=repr(e))


def written(value: float) -> str:
    """A number as Prometheus reads it."""
    if math.isinf(value):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(value)
