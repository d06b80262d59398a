"""The operator's side of the bus: the configuration, and a connection as user "operator"."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from cyclopts import Parameter

from nbh_cli.sorry import Sorry
from nbh_kit import bus as buses
from nbh_kit.buckets import Bucket, Held, Snapshot
from nbh_kit.bus import Bus, BusAway
from nbh_kit.config import BadConfig, Config
from nbh_kit.config import load as read
from nbh_kit.run import configure_logging
from nbh_proto import Value

V = TypeVar("V", bound=Value)

ConfigFile = Annotated[
    Path,
    Parameter(name="--config", env_var="NBH_CONFIG", help="The configuration, nbhosting.toml."),
]
"""Which system is meant; every command that talks to one takes it."""

CourseName = Annotated[str, Parameter(help="The course's name, as `nbh course list` shows it.")]
StudentName = Annotated[str, Parameter(help="The student, as the learning platform names them.")]

AsJson = Annotated[bool, Parameter(name="--json", negative="", help="One JSON object a line.")]

IS_IT_UP = "Is the system up (`nbh up`, or `podman-compose up -d`)?"
"""What to ask whoever finds nobody there."""

DEFAULT_CONFIG = Path("nbhosting.toml")
_WITHIN = 5.0


def load(file: Path) -> Config:
    """Read the configuration.

    Raises:
        Sorry: it cannot be used; exit status 2.
    """
    try:
        return read(file)
    except BadConfig as e:
        hint = "" if file.exists() else "; name the file with --config, or in NBH_CONFIG"
        raise Sorry(f"{e}{hint}", 2) from e


@asynccontextmanager
async def bus(config: Config) -> AsyncGenerator[Bus]:
    """A connection to the system's NATS, which is expected to be there.

    Raises:
        Sorry: it is not, or does not know our password; says the address.
    """
    configure_logging("nbh", "error")
    await _check_that_somebody_listens(config)
    connection = buses.connect(
        config.nats.url,
        name="operator",
        user="operator" if _password(config) else "",
        password=_password(config),
        within=_WITHIN,
    )
    try:
        async with connection as connected:
            yield connected
    except BusAway as e:
        raise Sorry(f"{_what_is_wrong(config, e)}") from e


async def all_of(bus: Bus, type_: type[V]) -> dict[str, Held[V]]:
    """Everything that a bucket holds right now.

    Raises:
        Sorry: it cannot be read.
    """
    async for change in Bucket(bus, type_).watch():
        if isinstance(change, Snapshot):
            return change.all
    raise Sorry(f"the bucket {type_.bucket} cannot be read")


async def _check_that_somebody_listens(config: Config) -> None:
    # The client would try again for a while; where nobody listens a person need not wait for that.
    parts = urlsplit(config.nats.url)
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or 4222)
    except OSError as e:
        why = e.strerror or str(e)
        raise Sorry(f"NATS at {config.nats.url}: {why}. {IS_IT_UP}") from e
    writer.close()


def _password(config: Config) -> str:
    try:
        return config.password_of("operator")
    except OSError as e:
        file = config.password_file("operator")
        raise Sorry(f"{file}: {e.strerror}; `nbh` runs as the user that runs `nbh up`") from e


def _what_is_wrong(config: Config, error: BusAway) -> str:
    if "authorization" in str(error).lower():
        file = config.password_file("operator")
        return f"NATS at {config.nats.url} refuses the operator's password in {file}"
    return f"{error}. {IS_IT_UP}"
