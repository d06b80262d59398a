"""What others notice while a lab is abused (S-38); the floor is the same with nobody abusing.

In both the machine also runs who asks: a neighbour's kernel, a neighbour's click and the
provisioner are asked all the time, one question after another.
"""

import asyncio
from contextlib import AsyncExitStack

from tests.abuse.abuses import ABUSES, PREPARATION
from tests.abuse.kernel import Kernel, kernel_of
from tests.abuse.watching import COURSE, NEIGHBOUR, NOTEBOOK, Seen, watching
from tests.bench.figures import Figure, at_most, percentile
from tests.e2e.student import Student

ABUSER = "abuser"
AT_REST = 10.0


async def figures(system) -> list[Figure]:
    """Each abuse once, for some seconds."""
    async with AsyncExitStack() as stack:
        neighbour, abuser = [await _opened(system, stack, n) for n in (NEIGHBOUR, ABUSER)]
        kernel = await stack.enter_async_context(kernel_of(neighbour))
        async with watching(system, kernel) as rest:
            await asyncio.sleep(AT_REST)
        seen = {name: await _abused(system, kernel, abuser, ABUSES[name]) for name in ABUSES}
    for student in (NEIGHBOUR, ABUSER):
        await system.nbh("lab", "stop", COURSE, student)
    return [
        _worst("a neighbour's kernel computes", "kernel", 1000, rest, seen),
        _worst("a neighbour's click to the redirect", "click", 1000, rest, seen),
        _worst("the provisioner answers over the bus", "service", 100, rest, seen),
    ]


async def _opened(system, stack: AsyncExitStack, name: str) -> Student:
    student = Student(system.link(COURSE, NOTEBOOK, name))
    stack.push_async_callback(student.close)
    await student.open()
    return student


async def _abused(system, neighbours: Kernel, abuser: Student, code: str) -> Seen:
    async with kernel_of(abuser) as kernel, watching(system, neighbours) as seen:
        await kernel.run(PREPARATION + code)
    return seen


def _worst(what: str, answers: str, goal: float, rest: Seen, seen: dict[str, Seen]) -> Figure:
    """The abuse under which it takes longest; the spread says all of them."""
    each = {name: _p99(getattr(one, answers)) for name, one in seen.items()}
    return at_most(
        f"while a lab is abused, {what}, p99 under the worst abuse",
        max(each.values()),
        goal,
        unit="ms",
        floor=_p99(getattr(rest, answers)),
        spread=", ".join(f"{name} {value:.0f}" for name, value in each.items()),
    )


def _p99(answers: list[float]) -> float:
    return percentile(answers, 0.99) * 1e3
