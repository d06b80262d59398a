"""The router service: ``python -m nbh_router``. Its configuration is the file NBH_CONFIG names."""

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from nbh_kit import config as configs
from nbh_kit import run
from nbh_kit.config import BadConfig, Config
from nbh_kit.metrics import Metrics
from nbh_router.service import Service


def ticket_key(config: Config) -> bytes:
    """The key that signs tickets: 32 random bytes that outlive a router.

    Raises:
        BadConfig: it is missing or too short.
    """
    file = config.site.data / "secrets" / "router"
    try:
        key = file.read_bytes()
    except OSError as e:
        raise BadConfig(str(file), "", f"cannot be read: {e.strerror}") from e
    if len(key) < 32:
        raise BadConfig(str(file), "", "holds fewer than 32 bytes")
    return key


def main() -> None:
    """Read the configuration and the secrets, drop rights, serve."""
    metrics = Metrics()
    try:
        config = configs.load(Path(os.environ.get("NBH_CONFIG", "nbhosting.toml")))
        run.configure_logging("router", config.site.log_level, metrics)
        service = Service(config, ticket_key(config), config.password_of("router"), metrics)
    except BadConfig as e:
        sys.exit(str(e))
    run.drop_privileges(config.uid_of("router"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run.until_stopped(service.run()))


if __name__ == "__main__":
    main()
