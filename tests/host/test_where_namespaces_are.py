"""The folder of network namespaces is mounted before podman's first container."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nbh_cli.host import namespaces

pytestmark = pytest.mark.podman


@pytest.fixture
def folder(tmp_path):
    yield (place := tmp_path / "netns")
    for _ in mounts_at(place):
        subprocess.run(("/bin/umount", "--lazy", place), check=True)


def mounts_at(folder):
    """The rows of /proc/self/mountinfo, one for each mount on the folder."""
    rows = Path("/proc/self/mountinfo").read_text().splitlines()
    return [row for row in rows if row.split()[4] == str(folder)]


def test_it_is_mounted_once_however_many_do_so_at_once(folder):
    with ThreadPoolExecutor(8) as at_once:
        notes = list(at_once.map(lambda _: namespaces.ensure_folder(folder), range(8)))
    assert notes == [()] * 8
    (mount,) = mounts_at(folder)
    assert " shared:" in mount


def test_what_is_in_it_is_seen_after_another_look(folder):
    namespaces.ensure_folder(folder)
    (folder / "one").touch()
    assert namespaces.ensure_folder(folder) == ()
    assert (folder / "one").exists()


def test_what_kept_us_from_it_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    (note,) = namespaces.ensure_folder(tmp_path / "file")
    assert note == (
        f"{tmp_path}/file cannot be mounted for the network namespaces of labs (File exists)"
    )
