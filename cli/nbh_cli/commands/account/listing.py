"""`nbh account list`. A hash of a password is nowhere that it could be shown from."""

import asyncio

from nbh_cli import operating, output
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_kit.config import Config
from nbh_proto import Account

_COLUMNS = ("account", "role", "courses", "password_set")


def list_(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Who has an account, what they see, and since when they have their password."""
    accounts = asyncio.run(_accounts(operating.load(config)))
    rows = [_row(account, as_json=json) for account in accounts]
    none = "Nobody has an account: `nbh account add` gives somebody one."
    output.show(rows, _COLUMNS, as_json=json, none=none)


async def _accounts(config: Config) -> list[Account]:
    async with operating.bus(config) as bus:
        held = await operating.all_of(bus, Account)
    return sorted((each.value for each in held.values()), key=lambda account: account.account)


def _row(account: Account, *, as_json: bool) -> output.Row:
    courses = list(account.courses) if as_json else " ".join(account.courses)
    return {column: getattr(account, column) for column in _COLUMNS} | {"courses": courses}
