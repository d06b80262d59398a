"""`nbh images`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import preparing
from nbh_cli.host.failures import HostFailure
from nbh_cli.sorry import Sorry
from nbh_cli.steps import Steps


def images(
    *,
    services: Annotated[
        bool, Parameter(negative="", help="Those of our services instead, for compose.yaml.")
    ] = False,
) -> None:
    """Build the images that students run in, where they are missing or out of date."""
    prepare = preparing.for_services if services else preparing.for_labs
    try:
        with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
            asyncio.run(prepare(Steps(), Path(folder)))
    except HostFailure as e:
        raise Sorry(str(e)) from e
