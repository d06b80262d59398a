"""From a course's settings to its documentation on the share origin."""

import time
from functools import partial

from nbh_builder import container
from nbh_builder.building import Done
from nbh_builder.docs_build import DocsRun
from nbh_builder.failure import BuildError
from nbh_builder.job import Job
from nbh_builder.machine import Machine
from nbh_builder.saying import Saying
from nbh_kit.bus import Bus
from nbh_proto import Build, BuildDocs, DocsBuilt
from nbh_proto.names import checked_id


class DocsRecipe:
    """Builds documentations, each whole or not at all."""

    def __init__(self, machine: Machine, bus: Bus) -> None:
        self._machine = machine
        self._bus = bus

    async def build(self, command: BuildDocs, job: Job, say: Saying) -> Done:
        """Build those that are not there yet. All are tried; the first failure is told.

        Raises:
            BuildError: one could not be built.
        """
        image_id = await job.in_thread(self._machine.api.image_id, command.image)
        if not image_id:
            raise BuildError("no-image", f"there is no image {command.image}")
        done: list[str] = []
        failed: list[tuple[str, BuildError]] = []
        for build in command.builds:
            try:
                if await self._one(command, build, image_id, job, say):
                    done.append(build.id)
            except BuildError as e:
                await say(f"! {build.id}: {e}")
                failed.append((build.id, e))
                job.check()
        if failed:
            id_, why = failed[0]
            raise BuildError(why.reason, f"{id_}: {why.detail}")
        return Done(line=f"built {', '.join(done)}" if done else "nothing to build")

    async def _one(
        self, command: BuildDocs, build: Build, image_id: str, job: Job, say: Saying
    ) -> bool:
        """Whether it was built; this commit's may be there."""
        run = self._run(command)
        if not command.force and run.shelves.has(checked_id("build", build.id), command.commit):
            await say(f"{build.id}: this commit is built")
            return False
        began = time.monotonic()
        await say(f"{build.id}: building")
        work = partial(
            run.run,
            build,
            command.commit,
            image_id,
            self._machine.settings.max_docs_bytes,
            say.from_a_thread(),
        )
        bounds = await job.in_thread(self._machine.bounds)
        taken = await job.guarded(work, bounds=bounds, end=run.end)
        built = DocsBuilt(
            id=f"docs-{command.id}-{build.id}",
            course=command.course,
            node=command.node,
            commit=command.commit,
            build=build.id,
            files=taken.files,
            size=taken.size,
            seconds=round(time.monotonic() - began, 3),
        )
        await self._bus.tell_surely(built)
        await say(f"{build.id}: {taken.files} files, {taken.size} bytes")
        return True

    def _run(self, command: BuildDocs) -> DocsRun:
        given = self._machine.settings
        limits = container.Limits(memory=given.memory, cpus=given.cpus, processes=given.processes)
        places = self._machine.places
        course = places.course(command.course)
        api, site = self._machine.api, self._machine.site
        return DocsRun(api, site, course, places.work / "docs", limits)
