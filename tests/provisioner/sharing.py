"""Asks for pages of notebooks as the router does, and puts notebooks where students have them."""

import asyncio
import json
import os
from pathlib import Path

from nbh_kit.bus import Bus
from nbh_proto import (
    CommandDone,
    FindShares,
    ShareNotebook,
    SharesFound,
    ShowNotebook,
    WithdrawShares,
)
from nbh_proto.course import CommandAnswer
from nbh_proto.share import ShareAnswer
from tests.provisioner.labs import OWNER


def notebook(*sources: str) -> str:
    """A notebook with these code cells."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source}
        | {"outputs": [], "execution_count": None}
        for n, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


class Students:
    """Their files, and what they ask for."""

    def __init__(self, bus: Bus, data: Path) -> None:
        self.bus = bus
        self.data = data
        self.snapshots = data / "snapshots"

    def workspace(self, student: str = "ada", course: str = "python") -> Path:
        """A student's folder, which is there."""
        folder = self.data / "students" / student / course
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def write(
        self, name: str, content: str, *, student: str = "ada", course: str = "python"
    ) -> Path:
        """Have a student have a file."""
        file = self.workspace(student, course) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        if OWNER is not None:
            os.chown(file, *OWNER)
        return file

    async def share(self, name: str = "n1", **fields):
        """Ask for a page; the answer."""
        given = {"course": "python", "student": "ada", "notebook": name} | fields
        return await self._ask(ShareNotebook, given, ShareAnswer)

    async def show(self, name: str = "n1", **fields):
        """Ask for a page for one reader; the answer."""
        given = {"course": "python", "student": "ada", "notebook": name} | fields
        return await self._ask(ShowNotebook, given, ShareAnswer)

    async def shared(self, name: str = "n1", **fields) -> Path:
        """The same, where it must work: the page."""
        answer = await self.share(name, **fields)
        return self.page(answer.share)

    async def refused(self, name: str = "n1", **fields) -> str:
        """The same, where it must not: why."""
        return (await self.share(name, **fields)).reason

    async def withdraw(self, **fields) -> str:
        """Take pages away; what was said."""
        given = {"course": "python", "student": "ada"} | fields
        answer = await self._ask(WithdrawShares, given, CommandAnswer)
        assert isinstance(answer, CommandDone), answer
        return answer.line

    async def all(self, **only):
        """What is shared."""
        return (await self.bus.ask(FindShares(**only), SharesFound)).shares

    def page(self, share) -> Path:
        """Where a page is."""
        return self.snapshots / f"{share.name}.html"

    async def _ask(self, type_, given, answers):
        heard: asyncio.Queue[object] = asyncio.Queue()
        async with self.bus.inbox(answers, heard.put_nowait) as inbox:
            await self.bus.tell(type_(**given, answer_to=inbox))
            return await asyncio.wait_for(heard.get(), 60)
