"""What `jupyter-lab` runs in our images."""

import gc
import importlib
import sys

from nbh_lab.modules import WHEN_USED
from nbh_lab.postponed import postpone

# Not in a file of Jupyter's: whoever starts Jupyter in another way does not have this package.
_OURS = (
    "--ServerApp.kernel_websocket_connection_class=nbh_lab.connection.Connection",
    "--ServerApp.kernel_manager_class=nbh_lab.ahead.Kernels",
    "--AsyncMappingKernelManager.kernel_manager_class=nbh_lab.ahead.KernelAhead",
    "--ServerApp.extra_services=nbh_lab.biggest",
    "--ServerApp.extra_services=nbh_lab.rehearsal",
)


def main() -> int | None:
    """JupyterLab's own main, on postponed modules.

    Nothing that is imported here ever becomes garbage, so the collector rests meanwhile, and
    later leaves it alone: 0.06 s of a start.
    """
    gc.disable()
    postpone(WHEN_USED)
    for each in ("nbh_lab.compressed", "nbh_lab.checked"):
        importlib.import_module(each).begin()
    jupyter_lab = importlib.import_module("jupyterlab.labapp")
    gc.freeze()
    gc.enable()
    status: int | None = jupyter_lab.main([*sys.argv[1:], *_OURS])
    return status
