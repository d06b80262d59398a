"""What all labs of a machine share of its kernel is enough for all of them, or it is said."""

from pathlib import Path

import pytest

from nbh_cli.host import shared


@pytest.fixture
def root(tmp_path):
    """A kernel's settings as those of a small machine."""
    here = {"fs.inotify.max_user_instances": 128, "fs.inotify.max_user_watches": 192536}
    for name, number in here.items():
        file = tmp_path / name.replace(".", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{number}\n")
    return tmp_path


def test_what_is_too_little_is_raised_and_told_once(root):
    notes = shared.raise_all(root)
    assert "raised fs.inotify.max_user_instances from 128 to 65536: labs share it" in notes
    assert len(notes) == 2
    assert (root / "fs/inotify/max_user_watches").read_text() == "1048576\n"
    assert shared.raise_all(root) == ()


def test_more_than_that_stays_and_what_a_machine_does_not_have_is_not_missed(root):
    (root / "fs/inotify/max_user_watches").write_text("9999999\n")
    assert set(shared.too_little(root)) == {"fs.inotify.max_user_instances"}
    shared.raise_all(root)
    assert (root / "fs/inotify/max_user_watches").read_text() == "9999999\n"


def test_what_cannot_be_raised_is_told(root):
    file = root / "fs/inotify/max_user_instances"
    file.unlink()
    file.symlink_to("/proc/sys/kernel/cap_last_cap")  # which nobody may write
    (note, _) = shared.raise_all(root)
    assert "labs share it: 65536 would do" in note


def test_this_machine_has_them_all():
    for name in shared.LEAST:
        assert Path("/proc/sys", name.replace(".", "/")).exists()
