"""The builder service: ``python -m nbh_builder``. Runs as root, beside podman.

Its configuration is the file that NBH_CONFIG names.
"""

import asyncio
import os
import sys
from pathlib import Path

from nbh_builder import service
from nbh_kit import config as configs
from nbh_kit import health as healths
from nbh_kit import run
from nbh_kit.config import BadConfig, Config
from nbh_kit.metrics import Metrics

_NEEDS = ("nats", "podman")


async def serve(config: Config, metrics: Metrics) -> None:
    """Serve until SIGTERM, then give back what was begun."""
    async with healths.answering(config, "builder", *_NEEDS, metrics=metrics) as health:
        health.ask("podman", lambda: healths.podman_answers(config.podman_socket))
        async with service.serving(config, health) as removing:
            await run.until_stopped(removing)


def main() -> None:
    """Read the configuration and serve."""
    try:
        config = configs.load(Path(os.environ.get("NBH_CONFIG", "nbhosting.toml")))
    except BadConfig as e:
        sys.exit(str(e))
    metrics = Metrics()
    run.configure_logging("builder", config.site.log_level, metrics)
    asyncio.run(run.stoppable(serve(config, metrics)))


if __name__ == "__main__":
    main()
