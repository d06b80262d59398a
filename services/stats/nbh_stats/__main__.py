"""The stats service: ``python -m nbh_stats --config nbhosting.toml``."""

import argparse
import asyncio
import sys
from pathlib import Path

from nbh_kit import config as configuration
from nbh_kit import run
from nbh_kit.config import BadConfig
from nbh_kit.metrics import Metrics
from nbh_stats import clickhouse, service
from nbh_stats.migrations import NewerSchema


def main() -> None:
    """Read the configuration and the secrets as who we are, then become who we need be (S-5)."""
    arguments = argparse.ArgumentParser(prog="nbh_stats")
    arguments.add_argument("--config", type=Path, default=Path("nbhosting.toml"))
    metrics = Metrics()
    try:
        config = configuration.load(arguments.parse_args().config)
        run.configure_logging("stats", config.site.log_level, metrics)
        secrets = service.secrets(config)
        clickhouse.import_engine(config.stats.clickhouse, service.folder(config))
        run.drop_privileges(config.uid_of("stats"))
        asyncio.run(run.until_stopped(service.serve(config, secrets, metrics)))
    except (BadConfig, NewerSchema) as e:
        sys.exit(str(e))


if __name__ == "__main__":
    main()
