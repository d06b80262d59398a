"""What the services of a system that runs count, and say to Prometheus (E-2)."""

import pytest

from nbh_kit.testing import eventually
from tests.e2e.prometheus import SERVICES, all_numbers, numbers
from tests.e2e.student import Student
from tests.observing.dashboard import asked_by_alerts, asked_by_panels, names

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]

MOST_SERIES = 500
"""Of one service (E-2)."""


async def test_a_click_is_counted_by_all_whom_it_concerns(system):
    before = await all_numbers(system)
    student = Student(system.link("lesson", "w1/first", "somebody-counted"))
    await student.open()
    await student.close()
    router = await numbers(system, "router")
    assert grew(before["router"], router, "nbhosting_clicks_total", outcome="opened") == 1
    assert grew(before["router"], router, "nbhosting_click_seconds_count", way="cold") == 1
    assert grew(before["router"], router, "nbhosting_click_seconds_sum", way="cold") > 0.1
    assert grew(before["router"], router, "jupyterhub_proxy_add_duration_seconds_count") >= 1
    launched = {"handler": "/{path:path}", "method": "GET"}
    name = "jupyterhub_request_duration_seconds_count"
    assert grew(before["router"], router, name, **launched) >= 1
    node = await numbers(system, "provisioner")
    spawned = "jupyterhub_server_spawn_duration_seconds_count"
    assert grew(before["provisioner"], node, spawned, status="success") == 1
    assert grew(before["provisioner"], node, "nbhosting_labs", state="ready") >= 1
    assert node.of("jupyterhub_running_servers") >= 1
    kept = await eventually(lambda: kept_since(system, before["stats"]), within=20)
    assert kept >= 3  # requested, ready, opened
    for told in (node.text, router.text, (await numbers(system, "stats")).text):
        assert "somebody-counted" not in told
        assert student.lab.rstrip("/").rpartition("/")[2] not in told


async def kept_since(system, before):
    now = await numbers(system, "stats")
    behind = now.of("nbhosting_consumer_waiting_messages", consumer="stats")
    return grew(before, now, "nbhosting_events_kept_total") if behind == 0 else 0


def grew(before, after, name, **labels):
    return after.of(name, **labels) - before.of(name, **labels)


async def test_who_is_not_let_in_is_counted(system):
    before = await numbers(system, "router")
    link = system.link("lesson", "w1/first", "eve")
    student = Student(link)
    await student.reads(link[:-1])
    await student.close()
    after = await numbers(system, "router")
    assert grew(before, after, "nbhosting_clicks_total", outcome="refused") == 1


async def test_labs_that_end_and_pulls_are_counted(system):
    course = await system.new_course("counted")
    student = Student(system.link("counted", "w1/first", "ada"))
    await student.open()
    await student.close()
    before = await all_numbers(system)
    await system.nbh("lab", "stop", "counted", "ada")
    await system.pull("counted")
    course.folder.rename(system.shared / "elsewhere")
    with pytest.raises(AssertionError):
        await system.pull("counted")
    after = await all_numbers(system)
    node = (before["provisioner"], after["provisioner"])
    assert grew(*node, "nbhosting_labs_stopped_total", reason="asked") == 1
    assert grew(*node, "jupyterhub_server_stop_seconds_count", status="success") == 1
    courses = (before["courses"], after["courses"])
    assert grew(*courses, "nbhosting_pulls_total", outcome="unchanged") >= 1
    assert grew(*courses, "nbhosting_pulls_total", outcome="unreachable") >= 1
    assert grew(*courses, "nbhosting_courses", state="failing") == 1
    await system.nbh("course", "delete", "counted", "--yes")


async def test_what_an_operator_wants_to_know_is_there(system):
    said = await all_numbers(system)
    node, stats = said["provisioner"], said["stats"]
    memory = node.of("nbhosting_memory_bytes")
    assert 0 < node.of("nbhosting_memory_available_bytes") < memory
    for disk in ("students", "data", "system"):
        size = node.of("nbhosting_disk_bytes", disk=disk)
        assert 0 < node.of("nbhosting_disk_free_bytes", disk=disk) <= size
    assert stats.of("nbhosting_stream_messages", stream="EVENTS") > 0
    assert stats.of("nbhosting_stream_bytes", stream="EVENTS") > 0
    assert stats.of("nbhosting_stream_max_bytes", stream="EVENTS") > 10**6
    for service, numbers_ in said.items():
        assert numbers_.of("nbhosting_ready") >= 1, service
        assert numbers_.of("process_resident_memory_bytes") > 10**6, service
        assert numbers_.of("nbhosting_event_loop_lag_seconds") < 1, service


async def test_there_are_few_series_and_each_is_told_once(system):
    for service in SERVICES:
        samples = (await numbers(system, service)).samples
        series = {(s.name, *sorted(s.labels.items())) for s in samples}
        assert len(series) == len(samples) <= MOST_SERIES, service


async def test_what_alerts_and_the_dashboard_ask_for_is_there(system):
    there = {name for said in (await all_numbers(system)).values() for name in said.names()}
    asked = names([*asked_by_panels(), *asked_by_alerts()])
    assert asked - there == set()
    assert len(asked) > 30
