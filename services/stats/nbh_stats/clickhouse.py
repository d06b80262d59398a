"""Opens ClickHouse, the embedded one or a server; the only door to it is clickhouse-connect."""

import asyncio
import contextlib
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

_QUERY_SETTINGS = {
    # events carry ISO 8601 instants
    "date_time_input_format": "best_effort",
    # one batch is parsed by one thread into one part: whole or not at all, and in order
    "input_format_parallel_parsing": 0,
    "max_insert_threads": 1,
    # one of two cores: labs go first
    "max_threads": 1,
}

_EMBEDDED_SETTINGS = {
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
"""An engine meant for a machine of its own, told to live beside labs: 290 MiB of anonymous and
library memory at import come down to what `memory.let_go_of_code` measures."""


class Door:
    """One connection, used from threads: clickhouse-connect has no asynchronous chDB."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._turn = threading.Lock()

    async def use(self, work: Callable[[Client], T]) -> T:
        """Do some work with the client, in a thread, one at a time.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        return await asyncio.to_thread(self._use, work)

    def _use(self, work: Callable[[Client], T]) -> T:
        with self._turn:
            return work(self._client)


def import_engine(server: str) -> None:
    """Import what connecting will need, before privileges are dropped.

    chDB imports half of itself when it connects, and pyarrow (with numpy, 40 MiB) if it finds it;
    Arrow is optional there and unused here.
    """
    if server:
        importlib.import_module("clickhouse_connect.driver.httpclient")
        return
    with _absent("pyarrow"):
        importlib.import_module("chdb.state.sqlitelike")
    importlib.import_module("clickhouse_connect.driver._chdbclient")


@contextmanager
def opened(server: str, folder: Path) -> Iterator[Door]:
    """A connection to the server at a URL, or, if that is empty, to the engine in a folder.

    Raises:
        clickhouse_connect.driver.exceptions.Error: it cannot be reached, or another process has
            the folder.
    """
    client = _server(server) if server else _embedded(folder)
    try:
        yield Door(client)
    finally:
        client.close()


def _server(url: str) -> Client:
    return create_client(dsn=url, settings=dict(_QUERY_SETTINGS))


def _embedded(folder: Path) -> Client:
    _sweep(folder)
    return create_client(
        interface="chdb",
        path=str(folder),
        settings=dict(_QUERY_SETTINGS),
        chdb_options=dict(_EMBEDDED_SETTINGS),
    )


def use_folder_for_batches(folder: Path) -> None:
    """Have clickhouse-connect hand batches to the engine through files in this folder.

    It writes each to a temporary file, wherever that is; `_sweep` finds what a crash leaves.
    """
    os.environ["TMPDIR"] = str(folder)


def _sweep(folder: Path) -> None:
    for left in folder.glob("tmp*.raw"):
        left.unlink()


@contextmanager
def _absent(module: str) -> Iterator[None]:
    # None in sys.modules is how Python is told that a module is not to be had.
    there = sys.modules.get(module)
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        with contextlib.suppress(KeyError):
            del sys.modules[module]
        if there is not None:
            sys.modules[module] = there
