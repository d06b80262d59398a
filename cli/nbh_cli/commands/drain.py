"""`nbh drain`: nobody new gets a lab on a node, who has one goes on (E-6)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from cyclopts import Parameter

from nbh_cli import operating, units
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.buckets import Bucket, Lost
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_proto import Drain, Lab, names, now

_MOST = 300
"""Letters of a reason: it stands in a page."""


def drain(
    node: Annotated[str, Parameter(help="Which one; this site's own if none is named.")] = "",
    /,
    *,
    off: Annotated[bool, Parameter(negative="", help="It is over.")] = False,
    reason: Annotated[str, Parameter(help="What students are told of why.")] = "",
    back: Annotated[
        str, Parameter(help="When it should be over: 2h from now, 15:30, 2026-12-01T08:00.")
    ] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Let nobody new have a lab on NODE, as before an upgrade of the machine; until --off.

    Students who come see a page that says so and tries again by itself. Who has a lab goes on, and
    labs that nobody uses are frozen instead of stopped. It lasts through restarts of everything.
    Said again it changes the reason and the time.
    """
    asyncio.run(_drain(operating.load(config), node, off=off, reason=reason, back=back))


async def _drain(config: Config, node: str, *, off: bool, reason: str, back: str) -> None:
    if len(reason) > _MOST:
        raise Sorry(f"a reason has at most {_MOST} letters", 2)
    over = when(back, now()) if back else None
    async with operating.bus(config) as bus:
        labs = [held.value for held in (await operating.all_of(bus, Lab)).values()]
        there = _known(node or config.provisioner.node, {lab.node for lab in labs}, config)
        if off:
            print(await _end(bus, there))
        else:
            await _begin(bus, Drain(node=there, since=now(), back=over, reason=reason))
            print("\n".join(_began(there, [lab for lab in labs if lab.node == there])))


def when(text: str, at: datetime) -> datetime:
    """An instant to come, as an operator types it; of a time of day the next one.

    Raises:
        Sorry: it is none, or it is over.
    """
    try:
        found = at + timedelta(seconds=units.seconds(text))
    except ValueError:
        found = _of_clock(text, at)
    if found <= at:
        raise Sorry(f"{text} is over already", 2)
    return found.astimezone(UTC)


def _of_clock(text: str, at: datetime) -> datetime:
    try:
        if len(text) <= len("15:30"):
            today = datetime.strptime(text, "%H:%M").time()  # of this machine
            found = datetime.combine(at.astimezone().date(), today).astimezone()
            return found if found > at else found + timedelta(days=1)
        return datetime.fromisoformat(text).astimezone()
    except ValueError as e:
        raise Sorry(f"{text!r} is no time; write 2h, 15:30 or 2026-12-01T08:00", 2) from e


def _known(node: str, with_labs: set[str], config: Config) -> str:
    known = with_labs | {config.provisioner.node}
    if node not in known:
        raise Sorry(f"there is no node {node!r}; there is {', '.join(sorted(known))}")
    return node


async def _begin(bus: Bus, drain: Drain) -> None:
    bucket = Bucket(bus, Drain)
    held = await bucket.get(drain.key)
    since = held.value.since if held else drain.since
    await bucket.put(drain.key, msgspec.structs.replace(drain, since=since))


async def _end(bus: Bus, node: str) -> str:
    bucket, key = Bucket(bus, Drain), names.token(node)
    held = await bucket.get(key)
    if held is None:
        return f"{node} takes everybody: it was not being drained."
    try:
        await bucket.delete(key, held.revision)
    except Lost as e:
        raise Sorry("somebody else changed it meanwhile; see `nbh status`") from e
    return f"{node} takes everybody again."


def _began(node: str, labs: list[Lab]) -> list[str]:
    going_on = sum(lab.state in ("starting", "ready", "frozen") for lab in labs)
    return [
        f"{node} gives labs to nobody new. Labs that go on: {going_on}.",
        f"`nbh status` shows how many are in use, `nbh drain --off {node}` ends it.",
    ]
