"""The pure parts of the learners' extension, tried by Node's own runner."""

import shutil
import subprocess

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.skipif(not shutil.which("npm"), reason="there is no npm")
def test_the_extensions_own_tests_pass():
    ran = subprocess.run(
        [str(REPOSITORY / "scripts/check-extension"), "test"],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert "# fail 0" in ran.stdout
