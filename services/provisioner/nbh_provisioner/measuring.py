"""Answers what the reaper asks about this machine and its labs."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from nbh_kit.bus import Bus
from nbh_proto import Lab, MeasureLabs
from nbh_proto.sample import LabMeasured, LabsMeasured
from nbh_provisioner import gauges, machine
from nbh_provisioner.courses import Courses
from nbh_provisioner.engine import Engine, EngineError, Running
from nbh_provisioner.files.usage import DiskUsage
from nbh_provisioner.labs import Labs


class Measuring:
    """The answers to `MeasureLabs`."""

    def __init__(
        self,
        labs: Labs,
        engine: Engine,
        courses: Courses,
        usage: DiskUsage,
        *,
        image: str,
        data: Path,
    ) -> None:
        """Take, beside the others, the image of courses that name none and the folder of data."""
        self._labs = labs
        self._engine = engine
        self._courses = courses
        self._usage = usage
        self._image = image
        self._data = data

    @asynccontextmanager
    async def answering(self, bus: Bus, node: str) -> AsyncGenerator[None]:
        """Answer while the block runs."""
        async with bus.answering(MeasureLabs, self.measure, node=node):
            yield
        self._usage.close()

    async def measure(self, _: MeasureLabs) -> LabsMeasured:
        """All labs that are up, and this machine."""
        await self._labs.adopted.wait()
        up = self._labs.up()
        self._usage.forget_all_but({_workspace(lab) for lab, _ in up})
        images = await self._images({lab.course for lab, _ in up})
        labs = [self._measured(lab, running, images[lab.course]) for lab, running in up]
        node = await asyncio.to_thread(machine.measured, self._data, await self._storage())
        return LabsMeasured(node=node, labs=tuple(labs))

    def _measured(self, lab: Lab, running: Running, image: str) -> LabMeasured:
        used, taken = gauges.usage(running), self._usage.last(_workspace(lab))
        return LabMeasured(
            course=lab.course,
            student=lab.student,
            generation=lab.generation,
            cpu_seconds=used.cpu_seconds,
            memory=used.memory,
            processes=used.processes,
            traffic=used.traffic,
            disk=taken.bytes if taken else None,
            disk_is_more=bool(taken and taken.is_more),
            outdated=bool(image and running.image and image != running.image),
        )

    async def _images(self, courses: set[str]) -> dict[str, str]:
        """The ids of the images that fresh labs of these courses would run."""
        found = {name: await self._courses.find(name) for name in courses}
        names = {c: (course and course.image) or self._image for c, course in found.items()}
        ids = {name: await self._id(name) for name in set(names.values())}
        return {course: ids[name] for course, name in names.items()}

    async def _id(self, image: str) -> str:
        try:
            return await self._engine.image(image)
        except EngineError:  # it is gone, or podman is: no reason to stop a lab
            return ""

    async def _storage(self) -> Path | None:
        try:
            return await self._engine.storage()
        except EngineError:
            return None


def _workspace(lab: Lab) -> str:
    return f"{lab.student}/{lab.course}"
