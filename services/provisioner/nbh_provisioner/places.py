"""Where things are on this machine's disk (DESIGN.md, Files on disk)."""

from pathlib import Path
from typing import NamedTuple


class Places(NamedTuple):
    """The folders under ``site.data`` that the provisioner reads or owns."""

    data: Path

    @property
    def courses(self) -> Path:
        """What the courses service publishes; read only."""
        return self.data / "courses"

    @property
    def students(self) -> Path:
        """All workspaces, ``<student>/<course>``; closed to everybody but root."""
        return self.data / "students"

    @property
    def overrides(self) -> Path:
        """The operator's own configuration of courses, ``<course>/``."""
        return self.data / "local"

    @property
    def labs(self) -> Path:
        """One folder for each lab, named by its capability; closed to everybody but root."""
        return self.data / "labs"

    @property
    def preparing(self) -> Path:
        """Where clones are prepared."""
        return self.data / "preparing"

    @property
    def snapshots(self) -> Path:
        """Pages that students share; the service that shows them finds one by its name."""
        return self.data / "snapshots"

    @property
    def lock(self) -> Path:
        """Held by the one provisioner that works here."""
        return self.data / "provisioner.lock"
