"""What builds stand on: podman, the disk, and the settings of the site."""

from pathlib import Path

from nbh_builder import container, guard, running
from nbh_builder.job import Bounds
from nbh_builder.places import Places
from nbh_builder.podman_api import PodmanApi
from nbh_kit.config import Config
from nbh_kit.settings import Builder


class Machine:
    """This machine, for one site."""

    def __init__(self, config: Config) -> None:
        self.api = PodmanApi(config.podman_socket)
        self.places = Places(config.site.data)
        self.site = config.site.name
        self.settings: Builder = config.builder
        self.mark = f"nbh-build-{config.site.name}-"
        """What the name of each build's mark begins with (`nbh_builder.guard`)."""

        self._storage: Path | None = None
        self.lab_limits = container.Limits(
            memory=config.lab.memory,
            cpus=config.lab.cpus,
            processes=config.lab.processes,
            open_files=config.lab.open_files,
        )

    def bounds(self, within: float = 0.0) -> Bounds:
        """What a build that begins now may take; for so many seconds, else as configured.
        Blocking.

        Raises:
            BuildError: podman does not answer.
        """
        given = self.settings
        disk = guard.disk(self._folders(), given.max_bytes, given.free_bytes)
        return Bounds(within or given.within, disk)

    def _folders(self) -> tuple[Path, ...]:
        """Ours, and podman's where that is on this machine."""
        if self._storage is None:
            self._storage = Path(self.api.get("/info")["store"]["graphRoot"])
        storage = (self._storage,) if self._storage.is_dir() else ()
        return (self.scratch(), *storage)

    def scratch(self) -> Path:
        """A folder for what is gone after a build."""
        self.places.work.mkdir(parents=True, exist_ok=True)
        return self.places.work

    def clear(self) -> None:
        """End what a builder that was killed left running; its commands come again.

        Raises:
            BuildError: podman does not answer.
        """
        guard.end(self.mark)
        running.remove_all(self.api, self.site)
