"""Images are built when what they are made of has changed, and only then."""

import shutil
import time

import pytest

from nbh_cli import images
from nbh_cli.host import machine, podman
from nbh_cli.host.failures import BuildFailed
from tests.conftest import REPOSITORY

NAMES = [image.name for image in images.IMAGES]


@pytest.fixture
def sources(tmp_path):
    """A copy of what the images are made of."""
    for image in images.IMAGES:
        for made_of in image.made_of:
            source, target = REPOSITORY / made_of, tmp_path / made_of
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
    return tmp_path


def changed_by(change, sources):
    before = images.fingerprints(sources)
    change()
    after = images.fingerprints(sources)
    return [name for name in NAMES if before[name] != after[name]]


def test_the_same_sources_have_the_same_fingerprints(sources):
    assert images.fingerprints(sources) == images.fingerprints(REPOSITORY)


def test_a_change_in_the_base_changes_every_image(sources):
    config = sources / "images/base/rootfs/etc/gitconfig"
    changed = changed_by(lambda: config.write_text("[user]\n"), sources)
    assert changed == ["base", "minimal-notebook", "scipy-notebook"]


def test_another_version_in_a_lock_changes_the_images_above_it(sources):
    lock = sources / "locks/minimal-notebook.txt"
    changed = changed_by(lambda: lock.write_text("jupyterlab==5.0.0\n"), sources)
    assert changed == ["minimal-notebook", "scipy-notebook"]


def test_a_file_that_becomes_a_program_is_a_change(sources):
    config = sources / "images/scipy-notebook/Containerfile"
    assert changed_by(lambda: config.chmod(0o755), sources) == ["scipy-notebook"]


def test_what_python_leaves_behind_is_no_change(sources):
    cache = sources / "images/minimal-notebook/rootfs/opt/nbh/lib/nbh_lab/__pycache__"
    cache.mkdir(exist_ok=True)
    assert changed_by(lambda: (cache / "new.pyc").touch(), sources) == []


def test_what_is_missing_or_stale_is_built_in_order():
    wanted = dict.fromkeys(NAMES, "new")
    built = {image.repository: "new" for image in images.IMAGES}
    assert images.out_of_date(wanted, built) == ()
    assert images.out_of_date(wanted, {}) == images.IMAGES
    stale = {**built, images.IMAGES[1].repository: "old"}
    assert images.out_of_date(wanted, stale) == (images.IMAGES[1],)
    assert images.out_of_date(wanted, {}, last="minimal-notebook") == images.IMAGES[:2]


def test_the_machines_certificates_are_lent_and_the_base_image_is_named(tmp_path):
    def command(number, certificates=tmp_path):
        image = images.IMAGES[number]
        return images.build_command(
            tmp_path, image, "f" * 64, "debian:bookworm-slim", certificates
        )

    assert "DEBIAN=debian:bookworm-slim" in command(0)
    assert "--volume" not in command(0)
    assert f"{tmp_path}:/etc/ssl/certs/ca-certificates.crt:ro" in command(1)
    assert "localhost/nbhosting/minimal-notebook:latest" in command(1)
    assert "localhost/nbhosting/minimal-notebook:ffffffffffff" in command(1)
    assert "--volume" not in command(1, certificates=None)


def test_no_lock_names_where_packages_come_from():
    for lock in ("minimal-notebook", "scipy-notebook"):
        text = (REPOSITORY / f"locks/{lock}.txt").read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index" not in text


def test_scipy_notebook_keeps_the_versions_of_minimal_notebook():
    minimal, scipy = (
        {
            line.split(" ")[0]
            for line in (REPOSITORY / f"locks/{kind}-notebook.txt").read_text().splitlines()
            if "==" in line
        }
        for kind in ("minimal", "scipy")
    )
    names = {pin.partition("==")[0] for pin in minimal}
    assert {pin for pin in scipy if pin.partition("==")[0] in names} <= minimal


@pytest.mark.podman
async def test_nothing_to_build_takes_no_time(lab_images, tmp_path):
    here = podman.prepare(machine.look(), tmp_path)
    said = []
    began = time.monotonic()
    assert await images.build_all(here, REPOSITORY, said.append) == ()
    assert time.monotonic() - began < 10
    assert said == []


@pytest.mark.podman
async def test_a_build_that_fails_tells_its_last_lines_and_replaces_nothing(lab_images, sources):
    (sources / "images/base/Containerfile").write_text(
        "ARG DEBIAN\nFROM ${DEBIAN}\nRUN echo the disk is made of cheese && exit 3\n"
    )
    here = podman.prepare(machine.look(), sources / "podman")
    with pytest.raises(BuildFailed, match=r"(?s)nbhosting/base.*made of cheese"):
        await images.build_all(here, sources, lambda _: None)
    assert await images.build_all(here, REPOSITORY, lambda _: None) == ()
