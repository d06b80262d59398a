"""The plumbing that nbhosting's services share."""

import sys

# Where rich is installed, structlog imports all of it for tracebacks that we never print with it:
# 0.2 s and 6 MB of each process (measured). It does well without.
if "rich" not in sys.modules and "structlog" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # how an import is told to fail
    import structlog

    del sys.modules["rich"], structlog
