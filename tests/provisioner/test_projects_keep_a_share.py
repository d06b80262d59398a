"""XFS and ext4 with project quotas keep students within their share (S-35).

The kernel of this machine may lack them: then another one is run, which has them.
"""

import os
import subprocess
from pathlib import Path

import pytest

from nbh_provisioner.quotas import finding, project_calls
from tests.provisioner import disks, other_kernel

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")

_INNER = Path(__file__).parent / "on_projects/projects.py"
_MAKERS = {
    "xfs": ("/sbin/mkfs.xfs", "-q", "-f"),
    "ext4": ("/sbin/mkfs.ext4", "-q", "-F", "-O", "quota,project", "-E", "quotatype=prjquota"),
}


@pytest.mark.timeout(200)
@pytest.mark.skipif(other_kernel.LINUX is None, reason="user-mode-linux is not installed")
@pytest.mark.parametrize("kind", _MAKERS)
def test_students_are_kept_within_their_share(kind, tmp_path):
    if not Path(_MAKERS[kind][0]).exists():
        pytest.skip(f"{_MAKERS[kind][0]} is not installed")
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(512 * 1024**2)
    subprocess.run((*_MAKERS[kind], str(image)), check=True)
    try:
        said = other_kernel.tested(tmp_path, image, kind, "prjquota", _INNER)
    except other_kernel.CannotRun as e:
        pytest.skip(str(e))
    assert said.endswith("status 0\n"), said


def test_a_file_system_without_project_quotas_is_told_apart(tmp_path):
    with disks.small(tmp_path / "students") as students:
        assert finding.find("auto", students).name == "watchdog"
        assert finding.find("project", students).name == "watchdog"


def test_numbers_are_those_of_the_kernels_headers():
    # linux/fs.h, linux/quota.h, linux/dqblk_xfs.h
    assert project_calls.GETXATTR == 0x801C581F
    assert project_calls.SETXATTR == 0x401C5820
    assert project_calls.GET_QUOTA == 0x80000702
    assert project_calls.SET_QUOTA == 0x80000802
    assert project_calls.GET_STATE == 0x580802
    assert project_calls.QUOTA.size == 72
