"""What every service would carry for nothing is not loaded."""

import subprocess
import sys

import pytest

SERVICES = ["router", "provisioner", "courses", "builder", "reaper", "stats"]
LOADED = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_loads_what_draws_on_terminals(service):
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED, f"nbh_{service}.__main__"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {"structlog", "nbh_kit"} <= set(loaded)
    assert not {"rich", "pygments"} & set(loaded)
