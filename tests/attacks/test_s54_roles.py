"""S-54: what somebody may see is their account's to say, at each request; what happens is told."""

import asyncio

import msgspec
import pytest

from nbh_cli import history
from nbh_courses.accounts import changing
from nbh_courses.failure import CourseError
from nbh_kit import passwords
from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import Account, SetAccount, now
from tests.courses.people import ANOTHER, PASSWORD, House, say

ADDRESS = "192.0.2.77"


@pytest.fixture
async def house(tmp_path, bus):
    there = House(tmp_path, bus)
    there.course("py")
    there.course("ml")
    return there


async def events(bus):
    """All that was told of accounts, oldest first: its kind and what it says."""
    pattern = "nbh.event.account.>"
    return [(s.split(".")[3], event) async for s, event in history.events(bus, pattern)]


async def test_every_change_and_every_try_is_told_with_who_and_from_where(house, bus):
    await house.add("ada", role="teacher", courses=("py",))
    ada = await house.browser(ADDRESS).signed_in()
    await house.browser(ADDRESS).sign_in(password="wrong")
    await house.browser("192.0.2.78").sign_in(name="my password, typed here")
    await ada.post("/password", data={"current": PASSWORD, "new": ANOTHER, "again": ANOTHER})
    id_ = ada.id
    await house.set(courses=("ml",))
    await house.set(role="staff")
    await ada.post("/logout")
    await house.remove()
    told = await events(bus)
    assert [kind for kind, _ in told] == [
        "added",
        "signed-in",
        "refused",
        "refused",
        "changed",
        "changed",
        "changed",
        "signed-out",
        "removed",
    ]
    said = [event for _, event in told]
    assert [event["account"] for event in said] == [*["ada"] * 3, None, *["ada"] * 5]
    assert said[4]["by"] == "ada"
    assert [event["changed"] for event in said[4:7]] == [
        ["password"],
        ["courses"],
        ["role", "courses"],
    ]
    here = said[1]["address_hash"]
    assert [e.get("address_hash") for e in said[2:5]] == [here, said[3]["address_hash"], here]
    assert said[3]["address_hash"] != here
    for secret in (ADDRESS, "192.0.2.78", "typed here", PASSWORD, ANOTHER, "argon2", id_):
        assert secret not in str(told)


async def test_a_change_holds_at_the_next_request(house):
    await house.add("ada", role="teacher", courses=("py",))
    ada = await house.browser().signed_in()
    assert ">py</a></li>" in (await ada.get("/account")).text
    await house.set(courses=("ml",))
    page = (await ada.get("/account")).text
    assert (">ml</a></li>" in page, ">py</a></li>" in page) == (True, False)
    known = await house.doors.sessions.of(f"__Host-nbh={ada.id}")
    assert (known.account.role, known.account.courses) == ("teacher", ("ml",))


async def test_a_course_that_is_renamed_or_deleted_is_so_in_its_teachers_accounts(house, bus):
    await house.add("ada", role="teacher", courses=("py", "ml"))
    await house.add("bob", role="teacher", courses=("ml",))
    for _ in range(2):  # it may come twice
        await house.accounts.follow_course("py", "c1", instead="python")
        await house.accounts.follow_course("ml", "c2")
    accounts = Bucket(bus, Account)
    assert (await accounts.get("ada")).value.courses == ("python",)
    assert (await accounts.get("bob")).value.courses == ()
    bob = await house.browser().signed_in("bob")
    assert "You have no course at the moment." in (await bob.get("/account")).text
    assert [kind for kind, _ in await events(bus)].count("changed") == 3


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"role": "staff", "courses": ("py",)}, "staff see every course"),
        ({"role": "teacher"}, "one course at least"),
        ({"role": "teacher", "courses": ("r",)}, "there is no course r"),
        ({"role": "teacher", "courses": ("../py",)}, "there is no course"),
        ({}, "of role staff or teacher"),
        ({"role": "staff", "password_hash": PASSWORD}, "no hash"),
    ],
)
async def test_an_account_that_cannot_be_is_refused(house, more, why):
    given = {"password_hash": passwords.hashed(PASSWORD)} | more
    with pytest.raises(CourseError, match=why):
        await house.accounts.set(SetAccount(account="eve", new=True, **given), say)
    assert house.accounts.of("eve") is None


async def test_a_command_that_comes_twice_is_done_once(house, bus):
    hash_ = passwords.hashed(PASSWORD)
    add = SetAccount(account="ada", new=True, role="staff", password_hash=hash_)
    for _ in range(2):
        assert await house.accounts.set(add, say) == "ada has an account"
    with pytest.raises(CourseError, match="exists"):
        await house.accounts.set(msgspec.structs.replace(add, id="1"), say)
    assert [kind for kind, _ in await events(bus)] == ["added"]
    before = house.accounts.of("ada")
    old = SetAccount(account="ada", role="staff", password_hash=hash_)
    old = msgspec.structs.replace(old, at=add.at.replace(year=2020))
    with pytest.raises(CourseError, match="unknown"):  # it was about an earlier ada
        await house.accounts.set(old, say)
    assert house.accounts.of("ada") == before
    assert before.password_set <= now()


async def test_what_was_written_down_by_a_service_that_died_is_told_and_shown(house, bus):
    add = SetAccount(
        account="ada", new=True, role="staff", password_hash=passwords.hashed(PASSWORD)
    )
    after = changing.applied(None, add, now(), lambda _: True)
    house.people.book.keep(after)  # and then it was killed
    await house.accounts.set(add, say)
    assert [kind for kind, _ in await events(bus)] == ["added"]
    await house.browser().signed_in()


async def test_accounts_outlive_the_bucket_and_what_is_not_on_disk_is_none(house, bus):
    """Whoever can write to the bucket makes no account of it; and losing it loses nobody."""
    await house.add("ada")
    accounts = Bucket(bus, Account)
    forged = Account(account="eve", role="staff", password_set=now())
    await accounts.put("eve", forged)
    held = await accounts.get("ada")
    await accounts.delete("ada", held.revision)

    async def is_true():
        return await accounts.get("ada") and not await accounts.get("eve")

    keeping = asyncio.create_task(house.accounts.keep_true())
    try:
        await eventually(is_true)
    finally:
        keeping.cancel()
    assert (await accounts.get("ada")).value == held.value
