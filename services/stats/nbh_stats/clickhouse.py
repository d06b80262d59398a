"""Opens ClickHouse, the embedded engine or a server; clickhouse-connect is the only door to it."""

import asyncio
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from clickhouse_connect.driver import create_client
from clickhouse_connect.driver.client import Client

T = TypeVar("T")

_MIB = 1024**2

_SETTINGS = {
    # events carry ISO 8601 instants
    "date_time_input_format": "best_effort",
    # one batch is parsed by one thread into one part: whole or not at all, and in order
    "input_format_parallel_parsing": 0,
    "max_insert_threads": 1,
    # of two cores: labs go first
    "max_threads": 1,
    # which sums a question reads it says itself (`summing.summed_as`); of rows nothing else is
    # looked at, where ClickHouse would try each projection: a millisecond or two for each read
    "preferred_optimize_projection_name": "first_opens",
    "optimize_use_implicit_projections": 0,
    # what goes out as it comes; said with each question, they would be three questions more
    "date_time_output_format": "iso",
    "format_csv_null_representation": "",
}

_ENGINE_OPTIONS = {
    "max_server_memory_usage": 512 * _MIB,
    "mark_cache_size": 16 * _MIB,
    "primary_index_cache_size": 16 * _MIB,
    "query_condition_cache_size": 1 * _MIB,
    "compiled_expression_cache_size": 1 * _MIB,
    "background_pool_size": 1,
    "background_schedule_pool_initial_size": 1,
    "background_common_pool_size": 1,
    "max_thread_pool_free_size": 2,
}
"""The engine's defaults are for a machine of its own; this one is shared with labs."""


class Door:
    """One connection, used from threads: clickhouse-connect has no asynchronous chDB."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._next = asyncio.Lock()
        """Who waits takes no thread meanwhile: there are few, and events are written by one."""

        self._turn = threading.Lock()
        """A thread goes on when who waits for it is cancelled."""

    async def use(self, work: Callable[[Client], T]) -> T:
        """Do some work with the client, in a thread, one at a time.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        async with self._next:
            return await asyncio.to_thread(self._use, work)

    def _use(self, work: Callable[[Client], T]) -> T:
        with self._turn:
            return work(self._client)


def import_engine(server: str, batches: Path) -> None:
    """Import what connecting will need, before privileges are dropped.

    chDB imports half of itself when it connects, and pyarrow with numpy if it finds them (40 MiB
    of PSS); Arrow is optional there and not used here. clickhouse-connect hands each batch to the
    engine as a temporary file: ``batches`` is the folder for them, where `opened` sweeps.
    """
    if server:
        return
    os.environ["TMPDIR"] = str(batches)
    there = sys.modules.get("pyarrow")
    # None in sys.modules is how Python is told that a module is not to be had
    sys.modules["pyarrow"] = None  # type: ignore[assignment]
    importlib.import_module("chdb.state.sqlitelike")
    importlib.import_module("clickhouse_connect.driver._chdbclient")
    del sys.modules["pyarrow"]
    if there is not None:
        sys.modules["pyarrow"] = there


@contextmanager
def opened(server: str, folder: Path) -> Iterator[Door]:
    """A connection to the server at a URL, or, if that is empty, to the engine in a folder.

    Raises:
        clickhouse_connect.driver.exceptions.Error: it cannot be reached, or another process has
            the folder.
    """
    client = _server(server) if server else _engine(folder)
    try:
        yield Door(client)
    finally:
        client.close()


def _server(url: str) -> Client:
    return create_client(dsn=url, settings=dict(_SETTINGS))


def _engine(folder: Path) -> Client:
    for left in folder.glob("tmp*.raw"):  # by a crash in the middle of a batch
        left.unlink()
    return create_client(
        interface="chdb",
        path=str(folder),
        settings=dict(_SETTINGS),
        chdb_options=dict(_ENGINE_OPTIONS),
    )
