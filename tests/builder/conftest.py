"""A builder of the test's own, on the real podman."""

import pytest

from tests.builder.world import Asker, World


@pytest.fixture
def make_world(tmp_path, nats_url, podman_socket, lab_images):
    """Worlds with settings of their own; their images go in the end."""
    made = []

    def make(**settings) -> World:
        made.append(World(tmp_path / f"w{len(made)}", nats_url, podman_socket, **settings))
        return made[-1]

    yield make
    for world in made:
        world.forget()


@pytest.fixture
def world(make_world):
    """The usual one."""
    return make_world()


@pytest.fixture
def asker(bus):
    """Who asks."""
    return Asker(bus)
