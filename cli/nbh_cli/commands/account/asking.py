"""What the commands about accounts share: a name that is checked, a password that is asked for."""

import getpass
import sys
from typing import Annotated

from cyclopts import Parameter

from nbh_cli.sorry import Sorry
from nbh_kit import passwords
from nbh_kit.passwords import BadPassword
from nbh_proto import names
from nbh_proto.names import BadName

AccountName = Annotated[str, Parameter(help="The name that they sign in with.")]
Generate = Annotated[
    bool, Parameter(negative="", help="Make a password and print it, instead of asking for one.")
]


def checked(name: str) -> str:
    """A name that an account can have.

    Raises:
        Sorry: it cannot.
    """
    try:
        return names.checked_id("account", name)
    except BadName as e:
        raise Sorry(f"{name!r} is {e}", 2) from e


def password(account: str, *, generate: bool) -> str:
    """A new password: made, or typed twice on a terminal, or the first line of what is piped.

    Raises:
        Sorry: it cannot be one, or was typed in two ways.
    """
    given = passwords.generated() if generate else _asked(account)
    try:
        return passwords.checked(given, account)
    except BadPassword as e:
        raise Sorry(f"{e}; --generate makes one", 2) from e


def _asked(account: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed = getpass.getpass(f"New password of {account}: ")
    if getpass.getpass("Again: ") != typed:
        raise Sorry("you typed two different passwords; nothing is changed")
    return typed
