"""Numbers for Prometheus, read by the parser of Prometheus' own client library."""

import asyncio
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from nbh_kit import exposition
from nbh_kit.metrics import Metrics


@pytest.fixture
def metrics():
    return Metrics()


async def read(metrics):
    """All samples: {(name, labels): value}."""
    text = (await exposition.text(metrics)).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_each_series_is_there_from_the_start(metrics):
    metrics.counter("things_total", "Things.", colour=("red", "blue"), size=("big",))
    samples = await read(metrics)
    assert samples["things_total", (("colour", "red"), ("size", "big"))] == 0
    assert samples["things_total", (("colour", "blue"), ("size", "big"))] == 0


async def test_a_counter_grows(metrics):
    things = metrics.counter("things_total", "Things.", colour=("red",))
    things.add("red")
    things.add("red", by=2.5)
    assert (await read(metrics))["things_total", (("colour", "red"),)] == 3.5


async def test_what_nobody_expected_is_other_and_makes_one_series(metrics):
    things = metrics.counter("things_total", "Things.", colour=("red",))
    for number in range(1000):
        things.add(f"typed by somebody {number}")
    samples = await read(metrics)
    of_things = {labels: value for (name, labels), value in samples.items() if name[0] == "t"}
    assert of_things == {(("colour", "red"),): 0, (("colour", "other"),): 1000}


async def test_a_histogram_counts_what_took_up_to_so_long(metrics):
    took = metrics.histogram("took_seconds", "Took.", (0.5, 2.0), way=("pool",))
    for seconds in (0.5, 0.6, 99):
        took.observe(seconds, "pool")
    samples = await read(metrics)
    counts = {
        dict(labels)["le"]: value
        for (name, labels), value in samples.items()
        if name == "took_seconds_bucket"
    }
    assert counts == {"0.5": 1, "2": 2, "+Inf": 3}
    assert samples["took_seconds_count", (("way", "pool"),)] == 3
    assert samples["took_seconds_sum", (("way", "pool"),)] == pytest.approx(100.1)


async def test_gauges_are_set_when_they_are_read(metrics):
    labs = metrics.gauge("labs", "Labs.", state=("ready", "frozen"))
    there = {"ready": 2.0}

    async def look():
        labs.set_all(there)

    metrics.before_each_reading(look)
    assert (await read(metrics))["labs", (("state", "ready"),)] == 2
    there.clear()
    there["frozen"] = 1.0
    samples = await read(metrics)
    assert samples["labs", (("state", "ready"),)] == 0
    assert samples["labs", (("state", "frozen"),)] == 1


async def test_what_cannot_be_collected_keeps_nobody_from_the_rest(metrics):
    labs = metrics.gauge("labs", "Labs.")

    async def breaks():
        raise OSError("gone")

    async def look():
        labs.set(to=3)

    metrics.before_each_reading(breaks)
    metrics.before_each_reading(look)
    assert (await read(metrics))["labs", ()] == 3


async def test_two_parts_of_a_service_have_the_same_number(metrics):
    for consumer in ("one", "two"):
        metrics.counter("handled_total", "Handled.", consumer=(consumer,)).add(consumer)
    samples = await read(metrics)
    assert samples["handled_total", (("consumer", "one"),)] == 1
    assert samples["handled_total", (("consumer", "two"),)] == 1
    with pytest.raises(ValueError, match="handled_total is a counter"):
        metrics.gauge("handled_total", "Handled.", consumer=())


async def test_what_nobody_knows_has_no_series(metrics):
    full = metrics.gauge("full", "Full.", stream=("EVENTS",))
    full.forget()
    assert not [name for name, _ in await read(metrics) if name == "full"]
    full.set("EVENTS", to=1)
    assert (await read(metrics))["full", (("stream", "EVENTS"),)] == 1


async def test_a_label_may_hold_anything(metrics):
    odd = 'a "quoted\\" name\nand more'
    metrics.gauge("odd", "Odd.", label=(odd,)).set(odd, to=1)
    assert (await read(metrics))["odd", (("label", odd),)] == 1


async def test_the_process_says_what_it_uses(metrics):
    before = await read(metrics)
    while time.process_time() - before["process_cpu_seconds_total", ()] < 0.05:
        await asyncio.sleep(0)
    after = await read(metrics)
    assert after["process_cpu_seconds_total", ()] > before["process_cpu_seconds_total", ()]
    assert 1024**2 < after["process_resident_memory_bytes", ()] < 1024**4
    assert after["process_open_fds", ()] >= 3
