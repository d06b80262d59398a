"""What the server says of a kernel that has ended and is started again.

Jupyter's server keeps a kernel's last state until its next one is heard. A kernel that ended while
it computed stays "busy" then if what it says first is lost, as it may be, with its sockets still
being found: its page is connected before anything can be heard of it and waits, and its lab is
never idle (two of twenty cells that took all memory, jupyter-server 2.21).
"""

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager


class Kernel(ServerKernelManager):
    """A kernel, as the server knows it."""

    def start_restarter(self) -> None:
        """Watch over the kernel, and start it again when it ends by itself."""
        is_watched = self._restarter is not None
        super().start_restarter()
        if self._restarter is not None and not is_watched:
            self._restarter.add_callback(self._is_started_again, "restart")

    def _is_started_again(self) -> None:
        self.execution_state = "starting"
