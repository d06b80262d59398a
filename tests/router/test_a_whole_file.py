"""Crash points of the writer: killed anywhere, it leaves the old file or the new (R-13)."""

import shutil
import stat
import subprocess
import sys

import pytest

from nbh_router import whole_file
from tests.tracing import killed_at, strace

OLD, NEW = b"old" * 1000, b"new" * 100_000
WRITE = (
    "import sys; from pathlib import Path; from nbh_router import whole_file;"
    "data = sys.stdin.buffer.read(); whole_file.write(Path(sys.argv[1]), data)"
)
CALLS = "openat,write,fsync,rename,mkdir,close"


@pytest.fixture
def file(tmp_path):
    folder = tmp_path / "traefik"
    folder.mkdir()
    path = folder / "labs.yml"
    whole_file.write(path, OLD)
    return path


def run(path, *strace):
    argv = [*strace, sys.executable, "-c", WRITE, str(path)]
    return subprocess.run(argv, input=NEW, capture_output=True, timeout=30, check=False)


def test_a_file_is_replaced_and_only_its_group_may_read_it(file):
    whole_file.write(file, NEW)
    assert file.read_bytes() == NEW
    assert stat.S_IMODE(file.stat().st_mode) & ~0o640 == 0
    assert not list((file.parent / "new").iterdir())


def test_a_planted_link_is_not_followed(file, tmp_path):
    (tmp_path / "victim").write_text("precious")
    (file.parent / "new" / "labs").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic"):
        whole_file.write(file, NEW)
    assert (tmp_path / "victim").read_text() == "precious"
    assert file.read_bytes() == OLD


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")
def test_killed_at_any_system_call_the_file_is_the_old_or_the_new(file, tmp_path):
    calls = _calls_of_one_write(file, tmp_path)
    assert {c for c, _ in calls} >= {"fsync", "rename"}
    seen = set()
    for call, number in calls:
        whole_file.write(file, OLD)
        done = run(file, *killed_at(call, number))
        assert done.returncode in (-9, 137), (call, number, done.stderr)
        content = file.read_bytes()
        assert content in (OLD, NEW), (call, number)
        seen.add(content)
        whole_file.write(file, NEW)
        assert file.read_bytes() == NEW, "what a dead writer leaves is in nobody's way"
    assert seen == {OLD, NEW}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")
@pytest.mark.parametrize("fault", ["fsync:error=EIO", "rename:error=ENOSPC", "write:error=ENOSPC"])
def test_a_disk_that_fails_leaves_the_old_file(file, fault):
    path = str(file.parent / "new" / "labs")
    scope = ["-P", path] if fault.startswith("write") else []
    when = ":when=1"
    traced = fault.partition(":")[0]
    done = run(file, *strace(*scope, "-e", f"trace={traced}", "-e", f"inject={fault}{when}"))
    assert done.returncode == 1, done.stderr
    assert file.read_bytes() == OLD


def _calls_of_one_write(file, tmp_path):
    """(system call, its number among those of its name) of everything the write does."""
    log = tmp_path / "strace"
    assert run(file, *strace("-e", f"trace={CALLS}", log=log)).returncode == 0
    names = [
        line.split(None, 1)[1].split("(")[0]
        for line in log.read_text().splitlines()
        if "(" in line
    ]
    begins = next(
        n for n, line in enumerate(log.read_text().splitlines()) if "traefik/new" in line
    )
    found, counted = [], {}
    for at, name in enumerate(names):
        counted[name] = counted.get(name, 0) + 1
        if at >= begins:
            found.append((name, counted[name]))
    return found[:12]
