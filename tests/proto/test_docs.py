"""The documented contract is the one in the code."""

import subprocess
import sys
from pathlib import Path


def test_the_page_of_messages_is_up_to_date():
    script = Path(__file__).parents[2] / "scripts" / "make-message-docs"
    checked = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
