"""While NATS is away nobody is let in, nobody is thrown out, and everybody is told."""

from nbh_kit import bus as buses
from nbh_kit.testing import eventually, free_port, nats_server
from tests.courses.people import ANOTHER, PASSWORD, House


async def test_who_was_signed_in_is_so_afterwards(tmp_path):
    port, store = free_port(), tmp_path / "nats"
    async with nats_server(store, port=port) as url:
        connection = buses.connect(url, name="test")
        bus = await connection.__aenter__()
        house = House(tmp_path, bus)
        await house.add("ada")
        ada = await house.browser().signed_in()
    try:
        await eventually(lambda: not bus.is_connected)
        for answer in (
            await ada.get("/account"),
            await ada.post("/logout"),
            await ada.post(
                "/password", data={"current": PASSWORD, "new": ANOTHER, "again": ANOTHER}
            ),
            await house.browser().sign_in(),
        ):
            assert answer.status_code == 503
            assert "The service is restarting." in answer.text
            assert answer.headers["retry-after"] == "3"
            assert "set-cookie" not in answer.headers
        assert (await house.browser().sign_in(password="wrong")).status_code == 403
        assert (await house.browser().get("/login")).status_code == 200
        async with nats_server(store, port=port):
            await eventually(lambda: bus.is_connected)
            assert await ada.is_in()
            await house.browser().signed_in()
    finally:
        await connection.__aexit__(None, None, None)
