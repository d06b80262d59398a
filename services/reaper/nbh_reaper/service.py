"""The reaper, composed."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from nbh_kit import bus as buses
from nbh_kit import health as healths
from nbh_kit import run
from nbh_kit.buckets import Bucket, Replica
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.metrics import Metrics
from nbh_proto import Course, Drain, Lab, PlanLabs, names
from nbh_proto.reaper import LabsPlanned
from nbh_reaper import planning
from nbh_reaper.clock import Clock
from nbh_reaper.jupyter import Jupyter
from nbh_reaper.limits import limits_of
from nbh_reaper.policy import Limits
from nbh_reaper.reaper import Reaper
from nbh_reaper.sampling import Sampling
from nbh_reaper.tally import Tally


async def serve(config: Config, password: str, metrics: Metrics) -> None:
    """Watch labs until SIGTERM."""
    async with (
        healths.answering(config, "reaper", "nats", "courses", metrics=metrics) as health,
        buses.connect(
            config.nats.url, name="reaper", user="reaper", password=password, metrics=metrics
        ) as bus,
    ):
        tally = Tally(metrics)
        bus.at_each_telling(tally.hear)
        courses, drains = Replica(Bucket(bus, Course)), Replica(Bucket(bus, Drain))
        health.look("nats", lambda: bus.is_connected)
        health.look("courses", courses.known.is_set)
        async with (
            _watching(config, bus, courses, drains) as reaper,
            bus.answering(PlanLabs, lambda asked: _plan(asked, reaper)),
        ):
            tally.watch(reaper)
            sampling = Sampling(bus, reaper, config.provisioner.node)
            await run.until_stopped(
                courses.follow(),
                drains.follow(),
                _labs(bus, courses, drains, reaper),
                _reconsidering(courses, reaper, lambda: _all_limits(courses)),
                _reconsidering(drains, reaper, lambda: sorted(drains.all)),
                run.every(config.reaper.period, sampling.round),
            )


@asynccontextmanager
async def _watching(
    config: Config, bus: Bus, courses: Replica[Course], drains: Replica[Drain]
) -> AsyncGenerator[Reaper]:
    def limits(lab: Lab) -> Limits:
        course, drained = courses.get(names.token(lab.course)), drains.get(names.token(lab.node))
        return limits_of(course, config.reaper, drained=drained is not None)

    reaper = Reaper(
        Jupyter(config.reaper.answer_within),
        Clock(),
        bus.tell_surely,
        limits,
        stops_a_minute=config.reaper.stops_a_minute,
        looks_at_once=config.reaper.looks_at_once,
    )
    try:
        yield reaper
    finally:
        await reaper.close()


async def _plan(asked: PlanLabs, reaper: Reaper) -> LabsPlanned:
    labs = [pair for pair in reaper.labs() if asked.only_course in ("", pair[0].course)]
    return LabsPlanned(labs=planning.plan(labs, reaper.limits, reaper.now()))


async def _labs(
    bus: Bus, courses: Replica[Course], drains: Replica[Drain], reaper: Reaper
) -> None:
    """Hear of labs, for ever; not before it is known what holds for them."""
    await courses.known.wait()
    await drains.known.wait()
    async for change in Bucket(bus, Lab).watch():
        reaper.hear(change)


async def _reconsidering(
    replica: Replica[Any], reaper: Reaper, holds: Callable[[], object]
) -> None:
    """Have labs looked at again when what holds for them changes with a bucket, for ever."""
    await replica.known.wait()
    before = holds()
    while True:
        async with replica.changed:
            await replica.changed.wait()
        if (after := holds()) != before:
            before = after
            reaper.reconsider()


def _all_limits(courses: Replica[Course]) -> dict[str, object]:
    return {key: held.value.limits for key, held in courses.all.items()}
