"""`make chaos MINUTES=30`: everything is killed while a class works, for as long as you like."""

import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Report, chaos
from tests.chaos.settings import STUDENTS, WITH_POOL
from tests.system import running_system


async def main(minutes: float, seed: str) -> Report:
    """Run in a folder of its own, which stays where something was wrong."""
    folder = Path(tempfile.mkdtemp(prefix="nbh-chaos-", dir=Path.cwd() / ".make"))
    print(f"seed {seed}, {minutes:g} minutes; the system's log is {folder / 'log'}", flush=True)
    async with running_system(folder, engine="podman", settings=WITH_POOL) as system:
        await system.new_course("lesson")
        return await chaos(system, seconds=minutes * 60, students=STUDENTS, seed=seed)


if __name__ == "__main__":
    report = asyncio.run(main(float(sys.argv[1]), sys.argv[2] or secrets.token_hex(4)))
    print(report)
    sys.exit(1 if report.complaints else 0)
