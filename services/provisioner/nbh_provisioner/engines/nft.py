"""The program nft(8)."""

import shutil
import subprocess

from nbh_provisioner.engine import NotIsolated

_WITHIN = 10.0


class Nft:
    """Blocking; each call is a run of the program."""

    def __init__(self, program: str = "nft") -> None:
        self._program = program

    def __call__(self, *arguments: str, said: str = "") -> str:
        """What it prints.

        Args:
            said: its input.

        Raises:
            NotIsolated: it is not there, or refused; says what.
        """
        try:
            done = subprocess.run(
                (self._where(), *arguments),
                input=said,
                capture_output=True,
                text=True,
                timeout=_WITHIN,
            )
        except (OSError, subprocess.TimeoutExpired) as e:
            raise NotIsolated(f"nft: {e}") from e
        if done.returncode != 0:
            raise NotIsolated(f"nft: {done.stderr.strip()}")
        return done.stdout

    def _where(self) -> str:
        found = shutil.which(self._program) or shutil.which(self._program, path="/usr/sbin:/sbin")
        if found is None:
            raise NotIsolated(f"{self._program} is not on this machine (package nftables)")
        return found
