"""All accounts: changed by commands and by their people, shown in the bucket ACCOUNTS.

The disk is the truth; the bucket follows it, at each connection anew (DESIGN.md, Which copy is
true). One change at a time.
"""

import asyncio
from collections.abc import Callable, Mapping

import msgspec
import structlog

from nbh_courses.accounts import changing
from nbh_courses.accounts.book import Book, Kept
from nbh_courses.accounts.changing import IsCourse
from nbh_courses.failure import CourseError, of_disk
from nbh_courses.git_program import Say
from nbh_kit.buckets import Bucket, Held, Lost, Snapshot
from nbh_kit.bus import Bus, BusAway
from nbh_proto import (
    Account,
    AccountAdded,
    AccountChanged,
    AccountRemoved,
    RemoveAccount,
    SetAccount,
    names,
    now,
)
from nbh_proto.account import Changed

_RETRY_SECONDS = 0.5

logger = structlog.get_logger(__name__)


class Accounts:
    """The one writer of the bucket ACCOUNTS."""

    def __init__(
        self, bus: Bus, book: Book, is_course: IsCourse, forgive: Callable[[str], None]
    ) -> None:
        self._bus = bus
        self._book = book
        self._is_course = is_course
        self._forgive = forgive
        """Told of an account that an operator has given another password."""

        self._bucket = Bucket(bus, Account)
        self._turn = asyncio.Lock()

    async def set(self, command: SetAccount, _say: Say) -> str:
        """Make an account or change one; the answer's line.

        Raises:
            CourseError: it cannot be so.
        """
        async with self._turn:
            before = self._book.of(command.account)
            if before and before.made_by == command.id:  # it has come again
                await self._show(before)
                await self._bus.tell_surely(_told(before, command, changing.asked(command)))
                return _outcome(command)
            after = changing.applied(before, command, now(), self._is_course)
            changed = changing.difference(before, after) if before else ()
            if before and not changed:
                return "nothing to change"
            await self._keep(after)
            await self._bus.tell_surely(_told(after, command, changed))
        self._forgive(command.account)
        return _outcome(command)

    async def remove(self, command: RemoveAccount, _say: Say) -> str:
        """Forget an account; the answer's line.

        Raises:
            CourseError: there is none of that name.
        """
        async with self._turn:
            kept = self._book.of(command.account)
            if kept is None or command.at < kept.created_at:
                raise CourseError("unknown", f"there is no account {command.account}")
            await self._withdraw(names.token(command.account))
            await self._bus.tell_surely(
                AccountRemoved(id=f"account-{command.id}", account=command.account)
            )
            with of_disk():
                await asyncio.to_thread(self._book.forget, command.account)
        return f"{command.account} has no account any more"

    def of(self, account: str) -> Kept | None:
        """What is kept of an account; None if there is no such account."""
        return self._book.of(account)

    def hash_of_address(self, address: str) -> str:
        """As `Book.hash_of_address`."""
        return self._book.hash_of_address(address)

    async def rehash(self, account: str, was: str, hash_: str) -> None:
        """Keep another hash of the same password; nothing else changes.

        Raises:
            CourseError: the disk is full.
        """
        async with self._turn:
            kept = self._book.of(account)
            if kept and kept.password_hash == was:
                await self._keep(msgspec.structs.replace(kept, password_hash=hash_))

    async def change_password(
        self, account: str, was: str, hash_: str, address_hash: str
    ) -> Account | None:
        """Give an account the password that its own person chose; all its sessions are over.

        None if it has another one by now than the one that they knew.

        Raises:
            CourseError: the disk is full.
            BusAway: it cannot be told, so it is not done.
        """
        async with self._turn:
            before = self._book.of(account)
            if before is None or before.password_hash != was:
                return None
            after = changing.with_password(before, hash_, now())
            # told first: nobody asks for it again if we are killed in between
            changed = _changed(after, ("password",), by=account, address_hash=address_hash)
            await self._bus.tell(changed)
            await self._keep(after)
        return after.value

    async def follow_course(self, course: str, command: str, instead: str = "") -> None:
        """By a command a course is no more, or is called ``instead``: its teachers' accounts say
        so. It can be done twice.

        Raises:
            CourseError: the disk is full.
        """
        async with self._turn:
            for before in self._book.all():
                if course in before.courses:
                    after = changing.without_course(before, course, instead)
                    id_ = f"account-{before.account}-{command}"
                    await self._bus.tell_surely(_changed(after, ("courses",), id=id_))
                    await self._keep(after)

    async def keep_true(self) -> None:
        """Have the bucket hold what is on disk and nothing else, at each connection anew."""
        async for change in self._bucket.watch():
            if isinstance(change, Snapshot):
                async with self._turn:
                    await self._make_true(change.all)

    async def _make_true(self, held: Mapping[str, Held[Account]]) -> None:
        values = {kept.value.key: kept.value for kept in self._book.all()}
        for key, value in values.items():
            if key not in held or held[key].value != value:
                await self._put(value)
        for key in held.keys() - values.keys():
            logger.warning("an account that is not on the disk is taken back", account=key)
            await self._withdraw(key)

    async def _keep(self, kept: Kept) -> None:
        with of_disk():
            await asyncio.to_thread(self._book.keep, kept)
        await self._show(kept)

    async def _show(self, kept: Kept) -> None:
        await self._put(kept.value)

    async def _put(self, value: Account) -> None:
        while True:
            try:
                await self._bucket.put(value.key, value)
                return
            except BusAway as e:
                logger.warning("waiting for NATS to show an account", error=str(e))
                await asyncio.sleep(_RETRY_SECONDS)

    async def _withdraw(self, key: str) -> None:
        while True:
            try:
                if held := await self._bucket.get(key):
                    await self._bucket.delete(key, held.revision)
                return
            except Lost:
                continue
            except BusAway as e:
                logger.warning("waiting for NATS to withdraw an account", error=str(e))
                await asyncio.sleep(_RETRY_SECONDS)


def _told(
    after: Kept, command: SetAccount, changed: tuple[Changed, ...]
) -> AccountAdded | AccountChanged:
    id_ = f"account-{command.id}"
    if not command.new:
        return _changed(after, changed, id=id_)
    return AccountAdded(id=id_, account=after.account, role=after.role, courses=after.courses)


def _changed(after: Kept, changed: tuple[Changed, ...], **more: str) -> AccountChanged:
    return AccountChanged(
        account=after.account,
        changed=changed,
        role=after.role,
        courses=after.courses,
        **more,  # type: ignore[arg-type]  # `id`, `by` and the like: all of them text
    )


def _outcome(command: SetAccount) -> str:
    return f"{command.account} {'has an account' if command.new else 'is set'}"
