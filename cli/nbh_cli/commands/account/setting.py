"""`nbh account add`, `set` and `passwd`."""

import asyncio
from typing import Annotated

from cyclopts import Parameter
from msgspec import UNSET

from nbh_cli import carrying_out, operating
from nbh_cli.commands.account import asking
from nbh_cli.commands.account.asking import AccountName, Generate
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit import passwords
from nbh_kit.config import Config
from nbh_proto import SetAccount
from nbh_proto.account import Role

Courses = Annotated[
    tuple[str, ...], Parameter(negative="", help="What a teacher sees; may be said several times.")
]


def add(
    name: AccountName,
    /,
    *,
    role: Annotated[Role, Parameter(help="Staff see everything, teachers their courses.")],
    course: Courses = (),
    generate: Generate = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Give somebody the account NAME. The password is asked for, or read from a pipe."""
    if role == "teacher" and not course:
        raise Sorry("a teacher has one course at least: --course", 2)
    if role == "staff" and course:
        raise Sorry("staff see every course; --course is for teachers", 2)
    account, given = asking.checked(name), operating.load(config)
    password = asking.password(account, generate=generate)
    command = SetAccount(
        account=account,
        new=True,
        role=role,
        courses=course,
        password_hash=passwords.hashed(password),
    )
    status = asyncio.run(_carried_out(command, given))
    if status == 0:
        _tell(password if generate else "")
        print(f"Sign-in   {given.origins.ui}/login")
    return status


def set_(
    name: AccountName,
    /,
    *,
    role: Annotated[
        Role | None, Parameter(help="Staff see everything, teachers their courses.")
    ] = None,
    course: Annotated[
        tuple[str, ...],
        Parameter(negative="", help="All that a teacher sees; may be said several times."),
    ] = (),
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Change the role or the courses of account NAME. It holds from the next page on."""
    if role is None and not course:
        raise Sorry("nothing to set: see `nbh account set --help`", 2)
    command = SetAccount(
        account=asking.checked(name),
        role=UNSET if role is None else role,
        courses=course or UNSET,
    )
    return asyncio.run(_carried_out(command, operating.load(config)))


def passwd(
    name: AccountName,
    /,
    *,
    generate: Generate = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Give account NAME another password, asked for or read from a pipe; its sessions end."""
    account, given = asking.checked(name), operating.load(config)
    password = asking.password(account, generate=generate)
    command = SetAccount(account=account, password_hash=passwords.hashed(password))
    status = asyncio.run(_carried_out(command, given))
    if status == 0:
        _tell(password if generate else "")
    return status


async def _carried_out(command: SetAccount, config: Config) -> int:
    async with operating.bus(config) as bus:
        return await carrying_out.carry_out(bus, command, by="courses")


def _tell(password: str) -> None:
    if password:
        print(f"Password  {password}")
