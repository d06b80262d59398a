"""Stub labs: real HTTP servers on loopback that are no Jupyter, but answer as it would.

What real ones answer is in test_what_jupyter_tells.py; these stand for two hundred of them, and
for hostile ones.
"""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from nbh_proto import Lab, names
from nbh_reaper.clock import Clock

TOKEN = "t" * 43


@dataclass
class StubLab:
    """One that a test tells what to say."""

    clock: Clock
    course: str = "python"
    student: str = "ada"
    last_activity: datetime | None = None
    kernels: list = field(default_factory=list)
    terminals: list = field(default_factory=list)
    writes: int = 0
    asked: int = 0
    capability: str = field(default_factory=names.new_capability)
    address: str = ""

    def __post_init__(self):
        self.last_activity = self.last_activity or self.now

    @property
    def now(self):
        return self.clock.now().day

    def use(self):
        """A request that changes nothing, as a visible page makes."""
        self.last_activity = self.now

    def save(self):
        """Something is saved or uploaded."""
        self.writes += 1
        self.use()

    def run(self, *, busy=True):
        """A kernel computes, or has just ended to."""
        state = "busy" if busy else "idle"
        connections = self.kernels[0]["connections"] if self.kernels else 0
        self.kernels = [
            {
                "id": "k",
                "last_activity": self.now.isoformat(),
                "execution_state": state,
                "connections": connections,
            }
        ]
        self.use()

    def connect(self, count=1):
        """Pages are connected to the kernel; telling so is no activity."""
        self.kernels[0]["connections"] = count

    def open_terminal(self):
        self.terminals = [{"name": "1", "last_activity": self.now.isoformat()}]
        self.use()

    def lab(self, **over):
        """What stands in the bucket."""
        return Lab(
            **{
                "node": "node1",
                "course": self.course,
                "student": self.student,
                "state": "ready",
                "generation": 1,
                "capability": self.capability,
                "token": TOKEN,
                "address": self.address,
                "since": self.now,
                "image": "image",
            }
            | over
        )

    def body(self, path):
        """What it answers; None for a 404."""
        match path.partition("?")[0]:
            case "api/status":
                return json.dumps(
                    {
                        "last_activity": self.last_activity.isoformat(),
                        "kernels": len(self.kernels),
                        "connections": sum(k["connections"] for k in self.kernels),
                    }
                )
            case "api/kernels":
                return json.dumps(self.kernels)
            case "api/terminals":
                return json.dumps(self.terminals)
            case "metrics":
                count = 'http_request_duration_seconds_count{handler="x",method="%s"} %d.0\n'
                return count % ("GET", self.asked) + count % ("PUT", self.writes)

    @asynccontextmanager
    async def serving(self):
        """Listen while the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            await self.answer(head.decode(), writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, head, writer):
        """Write an answer; hostile stubs do something else here."""
        path = head.split(" ")[1].removeprefix(f"/{self.capability}/")
        body = self.body(path) if f"Authorization: token {TOKEN}\r\n" in head else None
        status = "200 OK" if body is not None else "404 Not Found"
        writer.write(f"HTTP/1.1 {status}\r\n\r\n{body or ''}".encode())
