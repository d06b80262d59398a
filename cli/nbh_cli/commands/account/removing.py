"""`nbh account remove`."""

import asyncio

from nbh_cli import carrying_out, operating
from nbh_cli.commands.account import asking
from nbh_cli.commands.account.asking import AccountName
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_kit.config import Config
from nbh_proto import RemoveAccount


def remove(name: AccountName, /, *, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Forget account NAME; who is signed in with it is signed out at once."""
    command = RemoveAccount(account=asking.checked(name))
    return asyncio.run(_carried_out(command, operating.load(config)))


async def _carried_out(command: RemoveAccount, config: Config) -> int:
    async with operating.bus(config) as bus:
        return await carrying_out.carry_out(bus, command, by="courses")
