"""An upgrade at noon: every service is restarted in turn while twenty students click and hold a
connection to their kernels. There is no floor: the bare parts have nobody to hold it for them."""

from websockets.exceptions import ConnectionClosed

from tests.bench.figures import Figure, at_most, spread
from tests.e2e.connected import PARTS, Connected, restart_each

STUDENTS = 20
_CLICKS = 60
"""After each part."""


async def figures(system) -> list[Figure]:
    """``system`` has the course."""
    students = [Connected(system, f"noon-{n}") for n in range(STUDENTS)]
    channels = [await student.kernel_channel() for student in students]
    await restart_each(system, students, _CLICKS)
    dropped = [
        await _is_dropped(student, channel)
        for student, channel in zip(students, channels, strict=True)
    ]
    for n in range(STUDENTS):
        await system.nbh("lab", "stop", "lesson", f"noon-{n}")
    lost = [why for student in students for why in student.lost]
    waits = [wait for student in students for wait in student.waits]
    name = f"upgrade of {len(PARTS)} parts under {STUDENTS} students"
    return [
        at_most(
            f"{name}: accesses lost of {len(waits) + len(lost)}",
            len(lost),
            0,
            unit="",
            floor=None,
            spread="; ".join(lost[:3]) or f"an answer took {spread(waits)} s",
        ),
        at_most(
            f"{name}: connections to labs dropped",
            sum(dropped),
            0,
            unit="",
            floor=None,
            spread=f"of {STUDENTS}",
        ),
    ]


async def _is_dropped(student, channel) -> bool:
    try:
        await student.asks(channel)
    except (ConnectionClosed, TimeoutError):
        return True
    await channel.close()
    return False
