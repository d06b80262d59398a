"""`nbh prepare`."""

import os

from nbh_cli import operating
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_cli.up import apart, folders


def prepare(*, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Make the folders, the secrets, and what NATS and Traefik are told, where compose or systemd
    runs the parts of the system. Again after an upgrade; what is there stays. `nbh up` needs none
    of it."""
    if os.getuid() != 0:
        raise Sorry("only root can give folders to the users that services run as")
    settings = operating.load(config)
    os.umask(0o022)
    try:
        folders.check_that_they_are_whole(settings)
        apart.prepare(settings)
    except (folders.Unfinished, OSError) as e:
        raise Sorry(str(e)) from e
    print(f"prepared {settings.site.data}")
