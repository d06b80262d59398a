"""An account is a person who may see the pages of the ui origin: staff, or a teacher of courses.

add ──▶ added ──▶ changed ──▶ removed

A session is what a browser has between signing in and signing out. The hash of a password is in no
bucket and in no event: the courses service keeps it in a file of its own.
"""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from msgspec import UNSET, UnsetType

from nbh_proto import names
from nbh_proto._message import Command, Event
from nbh_proto._value import Value

Role = Literal["staff", "teacher"]
"""Staff see every course and the machines, teachers the courses of their account (S-54)."""

Changed = Literal["role", "courses", "password"]
WhyRefused = Literal["password", "unknown"]

LONGEST_SESSION = timedelta(hours=12)
"""Whatever its person does."""


class Account(Value, frozen=True, kw_only=True):
    """A person with an account. Written by courses, which has it on disk."""

    bucket: ClassVar[str] = "ACCOUNTS"

    account: str
    role: Role
    courses: tuple[str, ...] = ()
    """What a teacher sees; empty for staff."""

    password_set: datetime
    """It tells one password from the next: a session belongs to one (S-50)."""

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return names.token(self.account)


class Session(Value, frozen=True, kw_only=True):
    """A browser that is signed in. Made and ended by courses; ``seen`` is renewed, by
    compare-and-set, by whichever service it asks.

    Its key is the SHA-256 of the id in the browser's cookie: who reads the bucket is not let in.
    """

    bucket: ClassVar[str] = "SESSIONS"
    keep: ClassVar[timedelta | None] = LONGEST_SESSION

    account: str
    password_set: datetime
    """As in the account when it was opened; another password ends it."""

    since: datetime
    seen: datetime
    """When its person last asked for something, give or take a few minutes."""


class SetAccount(Command, frozen=True, kw_only=True):
    """Make an account, or change one. Asked by `nbh account add`, `set` and `passwd`.

    Commands are stored, so a password never is in one: it is hashed by who asks.
    """

    subject: ClassVar[str] = "nbh.command.account.set.{account}"

    account: str
    new: bool = False
    """Whether it is made now; else it has to be there."""

    role: Role | UnsetType = UNSET
    courses: tuple[str, ...] | UnsetType = UNSET
    """All of a teacher's."""

    password_hash: str | UnsetType = UNSET
    """As `argon2` writes it (RFC 9106)."""


class RemoveAccount(Command, frozen=True, kw_only=True):
    """Forget an account and end its sessions. Asked by `nbh account remove`."""

    subject: ClassVar[str] = "nbh.command.account.remove.{account}"

    account: str


class AccountAdded(Event, frozen=True, kw_only=True):
    """Somebody has an account now. Told by courses."""

    subject: ClassVar[str] = "nbh.event.account.added"

    account: str
    role: Role
    courses: tuple[str, ...] = ()
    by: str = ""
    """Whose account did it; empty for an operator at the command line. So in all of these."""


class AccountChanged(Event, frozen=True, kw_only=True):
    """An account is not what it was; another password has ended its sessions. Told by courses."""

    subject: ClassVar[str] = "nbh.event.account.changed"

    account: str
    changed: tuple[Changed, ...] = ()
    role: Role
    """From now on; so are its courses."""

    courses: tuple[str, ...] = ()
    by: str = ""
    address_hash: str = ""
    """As in `SignedIn`; empty for an operator."""


class AccountRemoved(Event, frozen=True, kw_only=True):
    """An account is no more, nor are its sessions. Told by courses."""

    subject: ClassVar[str] = "nbh.event.account.removed"

    account: str
    by: str = ""


class SignedIn(Event, frozen=True, kw_only=True):
    """Somebody has signed in. Told by courses."""

    subject: ClassVar[str] = "nbh.event.account.signed-in"

    account: str
    address_hash: str
    """Tells one address from another, and not which it is: the site's secret is in it."""


class SignInRefused(Event, frozen=True, kw_only=True):
    """Somebody has tried to sign in with the wrong words. Told by courses."""

    subject: ClassVar[str] = "nbh.event.account.refused"

    account: str | None = None
    """None if there is no such account: who is in a hurry types a password there."""

    reason: WhyRefused
    address_hash: str


class NotebookViewed(Event, frozen=True, kw_only=True):
    """Somebody has looked at a student's notebook as it was last saved. Told by courses."""

    subject: ClassVar[str] = "nbh.event.account.viewed"

    account: str
    course: str
    student: str
    notebook: str
    """Canonical."""


class SignedOut(Event, frozen=True, kw_only=True):
    """Somebody has signed out. Told by courses."""

    subject: ClassVar[str] = "nbh.event.account.signed-out"

    account: str
    address_hash: str
