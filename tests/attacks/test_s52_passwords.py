"""S-52: a password is hard to guess, and trying many is nobody's way in, nor out of memory."""

import asyncio
import threading
import time

import pytest
import structlog
from argon2 import PasswordHasher

from nbh_courses.accounts.throttle import Limit
from nbh_courses.accounts.verifying import Busy, Verifier
from nbh_kit import passwords
from nbh_kit.buckets import Bucket, Snapshot
from nbh_proto import Session
from nbh_proto.streams import ALL
from tests.courses.people import ANOTHER, PASSWORD, House
from tests.router.world import World

A_FEW = Limit(3, 900)


@pytest.fixture
async def house(tmp_path, bus):
    there = House(tmp_path, bus, of_account=A_FEW, from_address=Limit(8, 900))
    await there.add("ada")
    return there


@pytest.fixture
async def open_house(tmp_path, bus):
    """Where nobody is slowed down."""
    there = House(tmp_path, bus, of_account=Limit(1000, 1), from_address=Limit(1000, 1))
    await there.add("ada")
    return there


async def test_nobody_tries_many_passwords_of_one_account_from_wherever(house):
    for number in range(3):
        answer = await house.browser(f"192.0.2.{number}").sign_in(password=f"wrong {number}")
        assert answer.status_code == 403
    locked = await house.browser("198.51.100.1").sign_in()  # with the right one
    assert locked.status_code == 429
    assert "set-cookie" not in locked.headers
    assert 800 < int(locked.headers["retry-after"]) <= 900
    assert "Try again in 15 minutes." in locked.text
    french = await house.browser("198.51.100.2", **{"Accept-Language": "fr"}).sign_in()
    assert "Réessayez dans 15 minutes." in french.text


async def test_nobody_tries_many_accounts_from_one_address(house):
    for number in range(8):
        answer = await house.browser("192.0.2.1").sign_in(f"name{number}", "password")
        assert answer.status_code == 403
    assert (await house.browser("192.0.2.1").sign_in()).status_code == 429
    await house.browser("192.0.2.2").signed_in()


async def test_a_household_s_addresses_of_ipv6_are_one(house):
    for number in range(8):
        await house.browser(f"2001:db8:1:2::{number:x}").sign_in(f"name{number}", "password")
    assert (await house.browser("2001:db8:1:2:ffff::1").sign_in()).status_code == 429
    await house.browser("2001:db8:1:3::1").signed_in()


async def test_many_tries_at_once_count_as_many(house):
    tries = (
        house.browser(f"192.0.2.{number}").sign_in(password=f"wrong {number}")
        for number in range(12)
    )
    answers = await asyncio.gather(*tries)
    assert sorted(answer.status_code for answer in answers) == [403] * 3 + [429] * 9


async def test_who_knows_the_password_is_slowed_down_by_nobody_before_them(house):
    for _ in range(3):
        assert (await house.browser("192.0.2.1").sign_in(password="wrong")).status_code == 403
        await house.set(password_hash=passwords.hashed(PASSWORD))  # an operator helps
    await house.browser("192.0.2.2").signed_in()
    for number in range(4):
        await house.browser(f"192.0.2.{number + 3}").signed_in()


async def test_the_current_password_is_no_easier_to_guess_on_the_page_that_changes_it(house):
    ada = await house.browser().signed_in()
    for number in range(3):
        form = {"current": f"wrong {number}", "new": ANOTHER, "again": ANOTHER}
        assert (await ada.post("/password", data=form)).status_code == 403
    form = {"current": PASSWORD, "new": ANOTHER, "again": ANOTHER}
    answer = await ada.post("/password", data=form)
    assert (answer.status_code, "Try again in 15 minutes." in answer.text) == (429, True)
    assert passwords.is_right(PASSWORD, house.accounts.of("ada").password_hash)


async def test_a_name_that_nobody_has_is_answered_alike_and_as_slowly(open_house):
    async def timed(name):
        began = time.perf_counter()
        answer = await open_house.browser().sign_in(name, "some wrong password")
        return time.perf_counter() - began, answer.status_code, answer.text.replace(name, "")

    # by turns: who else uses the machine slows both
    pairs = [(await timed("ada"), await timed("eve")) for _ in range(5)]
    known, unknown = zip(*pairs, strict=True)
    assert {one[1:] for one in known} == {one[1:] for one in unknown}
    # without the decoy it takes a hundredth
    assert min(one[0] for one in unknown) > 0.2 * min(one[0] for one in known)


async def test_two_passwords_at_once_are_looked_at_and_few_wait():
    before, most = set(threading.enumerate()), 0
    verifier = Verifier()

    async def ask():
        nonlocal most
        try:
            await verifier.is_right("x", None)
        except Busy:
            return "busy"
        finally:
            most = max(most, len(set(threading.enumerate()) - before))
        return "answered"

    said = await asyncio.gather(*(ask() for _ in range(40)))
    assert (said.count("answered"), said.count("busy")) == (34, 6)
    assert most == 2


async def test_what_is_too_long_is_not_even_hashed(open_house):
    for password in ("x" * 1025, "é" * 513, "x" * 6000):
        assert (await open_house.browser().sign_in(password=password)).status_code == 403
    for form in ({"password": "x" * 1_000_000}, {"x" * 9000: ""}, {str(n): "" for n in range(9)}):
        answer = await open_house.browser().post("/login", data={"name": "ada"} | form)
        assert answer.status_code == 413
    verifier = Verifier()
    waiting = [asyncio.create_task(verifier.is_right("x", None)) for _ in range(34)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await verifier.is_right("x" * 1024, None)
    assert not await verifier.is_right("x" * 1025, None)  # needs no place
    await asyncio.gather(*waiting)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"%ff=%fe&name=%00", b"name=ada&name=eve", b""])
async def test_what_is_no_form_is_refused_and_no_more(open_house, body):
    answer = await open_house.browser().post("/login", content=body)
    assert answer.status_code in (403, 413)


async def test_a_password_is_in_no_log_no_message_and_no_file(open_house, bus, tmp_path):
    wrong = "a wrong one, typed by ada"
    with structlog.testing.capture_logs() as said:
        ada = await open_house.browser().signed_in()
        await open_house.browser().sign_in(password=wrong)
        await open_house.browser().sign_in(name=wrong)
        form = {"current": PASSWORD, "new": ANOTHER, "again": ANOTHER}
        await ada.post("/password", data=form)
    kept = str(said).encode()
    for file in tmp_path.rglob("*"):
        kept += file.read_bytes() if file.is_file() else b""
    assert b"argon2id" in kept  # it was looked at where they are
    for stream in ALL:
        assert await bus.js.stream_info(stream.name)
    for password in (PASSWORD, ANOTHER, wrong):
        assert password.encode() not in kept


async def test_the_hash_is_in_no_bucket_and_for_the_service_alone(open_house, bus):
    hash_ = open_house.accounts.of("ada").password_hash
    (file,) = open_house.folder.glob("*.json")
    assert file.stat().st_mode & 0o077 == 0
    raw = await bus.js.get_last_msg("KV_ACCOUNTS", "$KV.ACCOUNTS.ada")
    assert b"argon2" not in raw.data
    assert hash_ in file.read_text()


async def test_a_hash_of_other_parameters_is_made_anew_at_the_next_sign_in(open_house, bus):
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD.encode())
    await open_house.set(password_hash=weak)
    before = open_house.accounts.of("ada")
    ada = await open_house.browser().signed_in()
    after = open_house.accounts.of("ada")
    assert passwords.needs_rehash(before.password_hash)
    assert not passwords.needs_rehash(after.password_hash)
    assert passwords.is_right(PASSWORD, after.password_hash)
    assert await ada.is_in()  # it is the same password
    async for change in Bucket(bus, Session).watch():
        if isinstance(change, Snapshot):
            assert len(change.all) == 1
            break


async def test_an_address_that_somebody_made_up_changes_nothing(tmp_path, nats_url, bus):
    """Through the real Traefik, which tells who asks and believes no stranger about it."""
    world = World(tmp_path / "site", nats_url)
    house = House(tmp_path, bus, from_address=A_FEW, ui=f"http://127.0.0.1:{world.web}")
    await house.add("ada")
    world.configure(nats_url, f"[courses]\nport = {house.port}")
    text = world.file.read_text()
    world.file.write_text(text.replace("[nats]", f'ui = "{house.ui}"\n[nats]'))
    async with house.served(), world.traefik(), world.router():
        await world.ready(but=("courses",))
        async with world.client() as browser:
            statuses = []
            for number in range(4):
                made_up = {
                    f"X-{what}": f"198.51.100.{number}" for what in ("Forwarded-For", "Real-Ip")
                }
                answer = await browser.post(
                    f"{house.ui}/login",
                    data={"name": f"name{number}", "password": "x"},
                    headers=made_up | {"Accept": "text/html"},
                )
                statuses.append(answer.status_code)
    assert statuses == [403, 403, 403, 429]
