"""The provisioner service: ``python -m nbh_provisioner``. Runs as root, beside podman.

Its configuration is the file that NBH_CONFIG names.
"""

import asyncio
import os
import sys
from pathlib import Path

from nbh_kit import config as configs
from nbh_kit import health as healths
from nbh_kit import run
from nbh_kit.config import BadConfig, Config
from nbh_kit.metrics import Metrics
from nbh_provisioner import engines, service


async def serve(config: Config, metrics: Metrics) -> None:
    """Serve until SIGTERM, then finish what was begun."""
    has_podman = config.provisioner.engine == "podman"
    needs = ("nats", "labs", *(("podman",) if has_podman else ()))
    async with healths.answering(config, "provisioner", *needs, metrics=metrics) as health:
        if has_podman:
            health.ask("podman", lambda: healths.podman_answers(config.podman_socket))
        async with service.serving(config, engines.make(config), health) as following:
            await run.until_stopped(following)


def main() -> None:
    """Read the configuration and serve."""
    try:
        config = configs.load(Path(os.environ.get("NBH_CONFIG", "nbhosting.toml")))
    except BadConfig as e:
        sys.exit(str(e))
    metrics = Metrics()
    run.configure_logging("provisioner", config.site.log_level, metrics)
    asyncio.run(run.stoppable(serve(config, metrics)))


if __name__ == "__main__":
    main()
