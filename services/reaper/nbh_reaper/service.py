"""The reaper, composed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from nbh_kit import bus as buses
from nbh_kit import health as healths
from nbh_kit import run
from nbh_kit.buckets import Bucket, Replica
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.metrics import Metrics
from nbh_proto import Course, Lab, PlanLabs, names
from nbh_proto.reaper import LabsPlanned
from nbh_reaper import planning
from nbh_reaper.clock import Clock
from nbh_reaper.jupyter import Jupyter
from nbh_reaper.limits import limits_of
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
        courses = Replica(Bucket(bus, Course))
        health.look("nats", lambda: bus.is_connected)
        health.look("courses", courses.known.is_set)
        async with (
            _watching(config, bus, courses) as reaper,
            bus.answering(PlanLabs, lambda asked: _plan(asked, reaper)),
        ):
            tally.watch(reaper)
            sampling = Sampling(bus, reaper, config.provisioner.node)
            await run.until_stopped(
                courses.follow(),
                _labs(bus, courses, reaper),
                _limits(courses, reaper),
                run.every(config.reaper.period, sampling.round),
            )


@asynccontextmanager
async def _watching(config: Config, bus: Bus, courses: Replica[Course]) -> AsyncGenerator[Reaper]:
    reaper = Reaper(
        Jupyter(config.reaper.answer_within),
        Clock(),
        bus.tell_surely,
        lambda course: limits_of(courses.get(names.token(course)), config.reaper),
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


async def _labs(bus: Bus, courses: Replica[Course], reaper: Reaper) -> None:
    """Hear of labs, for ever; not before their courses' limits are known."""
    await courses.known.wait()
    async for change in Bucket(bus, Lab).watch():
        reaper.hear(change)


async def _limits(courses: Replica[Course], reaper: Reaper) -> None:
    """Have labs looked at again when a course's limits change, for ever."""
    await courses.known.wait()
    before = _all_limits(courses)
    while True:
        async with courses.changed:
            await courses.changed.wait()
        if (after := _all_limits(courses)) != before:
            before = after
            reaper.reconsider()


def _all_limits(courses: Replica[Course]) -> dict[str, object]:
    return {key: held.value.limits for key, held in courses.all.items()}
