"""Streams and buckets, with their numbers and consumers, from one NATS to another."""

import msgspec
import pytest
from nats.aio.client import Client

from nbh_cli.backups import streams
from nbh_cli.backups.store import Store
from nbh_cli.backups.streams import StreamTrouble
from nbh_kit import bus as buses
from nbh_kit.buckets import Bucket
from nbh_kit.consuming import consume
from nbh_kit.testing import eventually, nats_server
from nbh_proto import AccessOpened, Launch, now
from nbh_proto.streams import EVENTS


def opened(number):
    return AccessOpened(
        access=str(number),
        course="py",
        student="ada",
        notebook="n" * 2000,
        way="pool",
        seconds=0.1,
    )


async def test_a_stream_goes_on_where_it_was(bus, tmp_path):
    store, heard = Store(tmp_path / "objects"), []

    async def hear(event):
        heard.append(event.access)

    async with consume(bus, EVENTS, "reader", [AccessOpened], hear):
        for number in range(500):
            await bus.tell(opened(number))
        await eventually(lambda: len(heard) == 500)
    await bus.tell(opened("after"))
    revision = await Bucket(bus, Launch).create("key", Launch(used_at=now()))
    kept = [await streams.keep(bus.client, store, name) for name in streams.NAMES]
    kept = msgspec.json.decode(msgspec.json.encode(kept), type=list[streams.KeptStream])
    was = await bus.js.stream_info("EVENTS")

    async with nats_server(tmp_path / "other", sync="10s") as url:
        client = Client()
        await client.connect(url)
        created = [await streams.restore(client, store, stream) for stream in kept]
        with pytest.raises(StreamTrouble):
            await streams.restore(client, store, kept[0])
        await client.close()
        async with buses.connect(url, name="test") as other:
            there = await other.js.stream_info("EVENTS")
            assert there.state.last_seq == was.state.last_seq
            assert (kept[0].created, created[0]) == (was.created, there.created)
            held = await Bucket(other, Launch).get("key")
            assert held.revision == revision
            heard.clear()
            async with consume(other, EVENTS, "reader", [AccessOpened], hear):
                await eventually(lambda: heard)
                await other.tell(opened("new"))
                await eventually(lambda: len(heard) == 2)
            assert heard == ["after", "new"]


async def test_a_stream_that_is_not_there_is_told(bus, tmp_path):
    with pytest.raises(StreamTrouble, match="NOTHING"):
        await streams.keep(bus.client, Store(tmp_path / "objects"), "NOTHING")
    assert not list((tmp_path).glob("objects/*"))
