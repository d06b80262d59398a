"""The reaper service: ``python -m nbh_reaper --config nbhosting.toml``."""

import argparse
import asyncio
import sys
from pathlib import Path

from nbh_kit import config as configuration
from nbh_kit import run
from nbh_kit.config import BadConfig
from nbh_kit.metrics import Metrics
from nbh_reaper import service


def main() -> None:
    """Read the configuration and the secrets as who we are, then become who we need be (S-5)."""
    arguments = argparse.ArgumentParser(prog="nbh_reaper")
    arguments.add_argument("--config", type=Path, default=Path("nbhosting.toml"))
    try:
        config = configuration.load(arguments.parse_args().config)
    except BadConfig as e:
        sys.exit(str(e))
    metrics = Metrics()
    run.configure_logging("reaper", config.site.log_level, metrics)
    password = config.password_of("reaper")
    run.drop_privileges(config.uid_of("reaper"))
    asyncio.run(run.stoppable(service.serve(config, password, metrics)))


if __name__ == "__main__":
    main()
