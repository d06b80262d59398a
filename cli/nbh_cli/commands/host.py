"""`nbh host`: what this machine lacks to run labs, and how it gets it."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from nbh_cli import operating, output, preparing
from nbh_cli.host import machine, packages, shared
from nbh_cli.host import podman as podmans
from nbh_cli.host.failures import HostFailure
from nbh_cli.host.packages import Install
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_cli.steps import Steps

app = App(
    name="host",
    help="What this machine lacks, and what is left of labs on it: check, prepare, end-labs.",
    help_format="plaintext",
)


@app.command
def check(*, json: AsJson = False) -> int:
    """What this machine lacks, and the command that installs it. Exit status 1 if anything."""
    here = machine.look()
    missing = packages.missing()
    family = packages.family(here.distributions)
    rows = [{"missing": need.what, "package": need.package(family)} for need in missing]
    rows += [{"missing": f"a line for labs in {file}", "package": ""} for file in _without_range()]
    rows += [{"missing": line, "package": ""} for line in _too_little()]
    output.show(
        rows, ("missing", "package"), as_json=json, none="Nothing is missing to run labs here."
    )
    if missing and not json:
        print(f"\nTo install them: {_how(packages.plan(here, missing))}")
    return 1 if rows else 0


@app.command
def prepare(
    *,
    for_tests: Annotated[
        bool, Parameter(negative="", help="Chromium too; tell what cannot be had and go on.")
    ] = False,
) -> None:
    """Install what is missing, if we may, and build the images that students run in."""
    if for_tests:
        asyncio.run(preparing.for_tests(Steps()))
        return
    try:
        with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
            asyncio.run(preparing.for_labs(Steps(), Path(folder)))
    except HostFailure as e:
        raise Sorry(str(e)) from e


@app.command(name="end-labs")
def end_labs(*, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """End all labs of this site, and take their network away. For when no service runs any more:
    what compose stops are the services, and labs live on."""
    from nbh_cli.up import labs

    settings = operating.load(config)
    try:
        podman = podmans.prepare(machine.look(), settings.site.run)
        asyncio.run(labs.end_all(podman, settings, print, gently=True))
    except (HostFailure, OSError) as e:
        raise Sorry(str(e)) from e


def _how(plan: packages.Install | packages.Tell) -> str:
    if isinstance(plan, Install):
        return " && ".join(" ".join(command) for command in plan.commands)
    return plan.command or "with this system's package manager"


def _too_little() -> list[str]:
    """What labs share of the kernel and there is too little of; `prepare` raises it."""
    least = shared.LEAST
    return [f"{name}={least[name]} (is {is_})" for name, is_ in shared.too_little().items()]


def _without_range() -> list[str]:
    """The files that lack the range of users for labs' user namespaces; `prepare` adds it."""
    files = (Path("/etc/subuid"), Path("/etc/subgid"))
    return [
        str(file)
        for file in files
        if podmans.missing_subids(file.read_text() if file.exists() else "")
    ]
