"""`nbh images`."""

import asyncio
import tempfile
from pathlib import Path

from nbh_cli import preparing
from nbh_cli.host.failures import HostFailure
from nbh_cli.sorry import Sorry
from nbh_cli.steps import Steps


def images() -> None:
    """Build the images that students run in, where they are missing or out of date."""
    try:
        with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
            asyncio.run(preparing.for_labs(Steps(), Path(folder)))
    except HostFailure as e:
        raise Sorry(str(e)) from e
