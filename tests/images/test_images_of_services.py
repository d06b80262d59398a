"""Each service has an image of its own, built when what it is made of has changed."""

import shutil

import pytest

from nbh_cli import service_images
from tests.conftest import REPOSITORY


@pytest.fixture
def sources(tmp_path):
    """A copy of what the images are made of."""
    every = (*service_images.SERVICES, *service_images.STAND_INS)
    for made_of in {each for image in every for each in image.made_of}:
        source, target = REPOSITORY / made_of, tmp_path / made_of
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, target)
    return tmp_path


def changed_by(change, sources):
    before = service_images.fingerprints(sources)
    change()
    after = service_images.fingerprints(sources)
    return {image.name for image in before if before[image] != after[image]}


def test_the_code_of_a_service_is_in_its_image_alone(sources):
    code = sources / "services/router/nbh_router/app.py"
    assert changed_by(lambda: code.write_text("# nothing"), sources) == {"router"}


def test_what_services_share_is_in_all_and_in_no_stand_in(sources):
    shared = sources / "kit/nbh_kit/bus.py"
    ours = {image.name for image in service_images.SERVICES}
    assert changed_by(lambda: shared.write_text("# nothing"), sources) == ours


def test_a_lock_is_its_own_images(sources):
    assert changed_by(lambda: (sources / "locks/stats.txt").write_text(""), sources) == {"stats"}
    assert changed_by(lambda: (sources / "locks/nats.txt").write_text(""), sources) == {"nats"}


def test_stand_ins_carry_the_servers_that_tests_run():
    tested = (REPOSITORY / "locks/dev.txt").read_text()
    for server in ("nats", "traefik"):
        pinned = (REPOSITORY / f"locks/{server}.txt").read_text().splitlines()[0]
        assert pinned in tested.splitlines()
