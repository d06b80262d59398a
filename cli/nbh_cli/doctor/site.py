"""The configuration: whether it can be used, and who is let in by it."""

from collections.abc import Iterator
from pathlib import Path

from nbh_cli.doctor.finding import Finding, error, note, ok, warning
from nbh_cli.up.checks import check
from nbh_kit.config import BadConfig, Config, secret_of


def usable(config: Config, file: Path) -> Finding:
    """Whether `nbh up` takes it."""
    try:
        check(config, str(file))
    except BadConfig as e:
        return error("configuration", str(e), f"correct {e.key or 'it'} in {e.file}")
    return ok("configuration", f"{file} can be used")


def platforms(config: Config) -> Iterator[Finding]:
    """Whether anybody is let in, and by what."""
    if not config.platform:
        yield warning(
            "platforms",
            "no platform is configured, so no link opens anything",
            "add a [[platform]] with a key; `nbh link` then makes a link to try",
        )
    for platform in config.platform:
        if platform.strategy == "referer":
            yield warning(
                "platforms",
                f"{platform.name} is believed by its Referer, which anybody can forge",
                "have it sign its links (examples/signers), and set strategy to signed",
            )
            continue
        try:
            for key in platform.keys:
                secret_of(key)
        except BadConfig as e:
            yield error(
                "platforms",
                str(e),
                f"`openssl rand -hex 32` makes a secret; share it with {platform.name}",
            )
        else:
            yield ok("platforms", f"{platform.name} signs its links")


def origins_apart(config: Config) -> Finding:
    """Whether what notebooks do can touch staff's pages."""
    origins = (config.origins.content, config.origins.ui, config.origins.share)
    if config.site.dev and len(set(origins)) < len(origins):
        return warning(
            "origins",
            "site.dev is on and origins are the same: notebooks can act as their readers",
            "give each of [origins] a name of its own and take site.dev out",
        )
    return ok("origins", "content, ui and share are apart")


def elsewhere(config: Config, *, contained: bool) -> Finding | None:
    """Whether the system runs where we are not, as with compose: each part has a container, and
    so have we."""
    if config.nats.embedded or not config.health.hosts or not contained:
        return None
    return note(
        "rights",
        "each service runs in a container of its own: this machine itself is not looked at",
        "scripts/nbh doctor, on the machine, looks at it too",
    )


def is_root(uid: int) -> Finding:
    """Whether all could be looked at."""
    if uid:
        return note(
            "rights", "not root: what only root can read was not looked at", "sudo nbh doctor"
        )
    return ok("rights", "root")
