"""The documented contract is the one in the code."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("page", ["message", "statistics"])
def test_a_page_that_is_made_from_code_is_up_to_date(page):
    script = Path(__file__).parents[2] / "scripts" / f"make-{page}-docs"
    checked = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
