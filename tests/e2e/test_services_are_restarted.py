"""Each part is restarted in turn, as in an upgrade, while students click and compute (R-19)."""

import pytest

from tests.e2e.connected import Connected, restart_each

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]

STUDENTS = 4


async def test_no_click_and_no_connection_is_lost_while_each_part_is_restarted(system):
    students = [Connected(system, f"steady-{n}") for n in range(STUDENTS)]
    channels = [await student.kernel_channel() for student in students]
    await restart_each(system, students, 2 * STUDENTS)
    for student, channel in zip(students, channels, strict=True):
        assert student.lost == []
        await student.asks(channel)
        await channel.close()
