"""The engines that labs run on, one promise (`nbh_provisioner.engine`) kept by all."""

from nbh_kit.config import Config
from nbh_provisioner.engine import Engine


def make(config: Config) -> Engine:
    """The engine that is configured."""
    match config.provisioner.engine:
        case "podman":
            from nbh_provisioner.engines.podman import PodmanEngine
            from nbh_provisioner.engines.wall import Wall

            wall = Wall(config.site.name, config.lab.egress, config.provisioner.isolation)
            return PodmanEngine(config.podman_socket, config.site.name, wall)
        case "memory":
            from nbh_provisioner.engines.memory import MemoryEngine

            return MemoryEngine()
