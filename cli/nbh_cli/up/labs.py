"""podman for labs: its API while the system runs; and the end of all labs, where that is asked."""

import asyncio
import shutil
from contextlib import ExitStack
from typing import Any

import msgspec

from nbh_cli.host import machine
from nbh_cli.host import podman as podmans
from nbh_cli.host.failures import CommandFailed
from nbh_cli.host.podman import Podman
from nbh_cli.host.running import Say, run
from nbh_cli.up import leftovers
from nbh_cli.up.checks import runs_podman
from nbh_cli.up.children import Program
from nbh_kit import remains, walls
from nbh_kit.config import Config

_ASKING_SECONDS = 5.0
_PODMAN_SECONDS = 30.0


def podman(config: Config) -> Podman | None:
    """The podman that we run ourselves; None where labs do not need it, or it runs already.

    Raises:
        HostFailure: there is no podman here that can be used.
        OSError: what it needs cannot be written.
    """
    return podmans.prepare(machine.look(), config.site.run) if runs_podman(config) else None


def program(podman: Podman, config: Config) -> Program:
    """Its API. It stays root: containers are made with root's rights."""
    argv, environment = podman.service(config.podman_socket), tuple(podman.environment.items())
    # A container that runs out of memory leaves a file there (conmon: "oom").
    return Program("podman", argv, environment=environment, folder=config.site.run)


async def ask_all_to_end(config: Config, say: Say) -> bool:
    """Ask the provisioner, which still runs, to end every student's lab; whether it has.

    It tells that they were asked to. What it cannot do in time `end_all` does without it.
    """
    # Imported here: the supervisor does without the bus while it runs.
    from nbh_cli.up import stopping

    try:
        async with asyncio.timeout(config.lab.stop_within + _ASKING_SECONDS):
            await stopping.stop_all(config, say)
            return True
    except (ConnectionError, TimeoutError) as e:
        say(f"labs are ended without the provisioner: {str(e) or 'it does not answer'}")
        return False


async def count(podman: Podman, config: Config) -> int:
    """How many containers of this site's labs there are, running or not.

    Raises:
        CommandFailed: podman does not say.
    """
    ours = f"label=nbh.site={config.site.name}"
    return len(await _podman(podman, "ps", "--all", "--quiet", "--filter", ours))


async def end_all(podman: Podman, config: Config, say: Say, *, gently: bool) -> None:
    """End and remove every lab of this site, and the labs' network.

    Gently: after it had time to save. The pool's are nobody's, and have nothing to save.
    """
    ours = f"label=nbh.site={config.site.name}"
    within = config.lab.stop_within if gently else 0.0
    try:
        found = await _podman(podman, "ps", "--all", "--quiet", "--no-trunc", "--filter", ours)
        if found:
            say(f"removing {len(found)} container{'s' if len(found) > 1 else ''} of labs")
            await _remove(podman, found, within)
        await _take_walls_away(config.site.name)
        for name in await _podman(podman, "network", "ls", "--quiet", "--filter", ours):
            (network,) = await _inspected(podman, "network", [name])
            await _podman(podman, "network", "rm", "--force", name)
            await asyncio.to_thread(leftovers.of_network, network)
    except (CommandFailed, TimeoutError, OSError) as e:
        say(f"labs may be left behind: {str(e) or 'podman does not answer'}")


async def _remove(podman: Podman, containers: list[str], within: float) -> None:
    """Podman 4.3 fails at every third removal of a container that runs, and at each of one that
    has ended without its knowledge; when it is asked again it is done (`nbh_kit.remains`)."""
    with ExitStack() as stack:
        for container in await _inspected(podman, "container", containers):
            stack.enter_context(remains.clearing(container))
        try:
            await _podman(podman, *_removal(within), *containers, longer=within)
        except (CommandFailed, TimeoutError):
            await _podman(podman, *_removal(0), "--ignore", *containers)


def _removal(within: float) -> tuple[str, ...]:
    return ("rm", "--force", "--volumes", "--time", f"{within:.0f}")


async def _take_walls_away(site: str) -> None:
    """The rules that kept its labs apart."""
    nft = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")
    if nft:
        await run((nft, walls.removal(site)), what="nft", say=lambda _: None)


async def _inspected(podman: Podman, kind: str, names: list[str]) -> list[dict[str, Any]]:
    return list(msgspec.json.decode("".join(await _podman(podman, kind, "inspect", *names))))


async def _podman(podman: Podman, *arguments: str, longer: float = 0.0) -> list[str]:
    """The lines that it answers; ``longer`` seconds are added to the limit."""
    lines: list[str] = []
    async with asyncio.timeout(_PODMAN_SECONDS + longer):
        await run(
            podman.command(*arguments),
            what=f"podman {arguments[0]}",
            say=lines.append,
            environment=podman.environment,
        )
    return lines
