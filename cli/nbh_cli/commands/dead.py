"""`nbh dead`: messages that nobody could handle, with their reasons; and another chance (R-7)."""

import asyncio
from typing import Annotated, NamedTuple

import msgspec
import nats.errors
from cyclopts import App, Parameter
from nats.js import api

from nbh_cli import operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_proto import DeadLetter
from nbh_proto.streams import DEAD

app = App(
    name="dead",
    help="Messages that nobody could handle: list, replay.",
    help_format="plaintext",
)

_COLUMNS = ("number", "at", "service", "was", "reason")


class _Buried(NamedTuple):
    number: int
    """Its sequence in the stream DEAD: how the operator names it."""

    letter: DeadLetter


@app.command(name="list")
def list_(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """All dead letters, oldest first."""
    letters = asyncio.run(_list(operating.load(config)))
    output.show(map(_row, letters), _COLUMNS, as_json=json, none="There is no dead letter.")


@app.command
def replay(
    *numbers: Annotated[int, Parameter(help="As `nbh dead list` shows them.", negative="")],
    all_: Annotated[bool, Parameter(name="--all", negative="", help="All of them.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Say the messages with these NUMBERS again, once their cause is mended.

    Whoever hears their subject hears them again; what fails once more is buried anew.
    """
    if bool(numbers) == all_:
        raise Sorry("name the numbers that `nbh dead list` shows, or say --all", 2)
    count = asyncio.run(_replay(operating.load(config), numbers))
    print(f"{count} said again.")


async def _list(config: Config) -> list[_Buried]:
    async with operating.bus(config) as bus:
        return await _letters(bus)


async def _replay(config: Config, numbers: tuple[int, ...]) -> int:
    async with operating.bus(config) as bus:
        letters = [b for b in await _letters(bus) if not numbers or b.number in numbers]
        if missing := set(numbers) - {b.number for b in letters}:
            raise Sorry(f"there is no dead letter {', '.join(map(str, sorted(missing)))}")
        for number, letter in letters:
            # No message id: within two minutes of its first saying it would count as said already.
            await bus.js.publish(letter.was, letter.data)
            await bus.js.delete_msg(DEAD.name, number)
    return len(letters)


async def _letters(bus: Bus) -> list[_Buried]:
    state = (await bus.js.stream_info(DEAD.name)).state
    if not state.messages:
        return []
    subscription = await bus.js.subscribe(
        DEAD.subjects[0],
        stream=DEAD.name,
        ordered_consumer=True,
        config=api.ConsumerConfig(deliver_policy=api.DeliverPolicy.ALL),
    )
    letters: list[_Buried] = []
    try:
        waiting = 1
        while waiting:
            raw = await subscription.next_msg(timeout=2)
            waiting = raw.metadata.num_pending or 0
            letter = msgspec.json.decode(raw.data, type=DeadLetter)
            letters.append(_Buried(raw.metadata.sequence.stream, letter))
    except nats.errors.TimeoutError:  # somebody else replayed the last ones meanwhile
        pass
    finally:
        await subscription.unsubscribe()
    return letters


def _row(buried: _Buried) -> output.Row:
    return {"number": buried.number} | {
        name: getattr(buried.letter, name) for name in _COLUMNS[1:]
    }
