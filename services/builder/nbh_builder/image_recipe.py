"""From a course's Dockerfile to an image that a lab of it has answered from."""

import hashlib
import os
from functools import partial
from pathlib import Path

from nbh_builder import context, dockerfile
from nbh_builder import image_build as image_builds
from nbh_builder.building import Done, key_of
from nbh_builder.context import Lent
from nbh_builder.dockerfile import Dockerfile
from nbh_builder.failure import BuildError
from nbh_builder.image_build import ImageBuild
from nbh_builder.images import BUILDING, COMMAND, LABEL, Images
from nbh_builder.job import Job
from nbh_builder.machine import Machine
from nbh_builder.saying import Saying
from nbh_builder.smoke import Smoke
from nbh_proto import BuildImage, ImageBuilt, image_repository

_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_SMOKE_WITHIN = 120.0


class ImageRecipe:
    """Builds images: whatever fails, the images that are there stay as they are."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._images = Images(machine.api)

    async def build(self, command: BuildImage, job: Job, say: Saying) -> Done:
        """Build a version, unless it would be the current one again.

        Raises:
            BuildError: nothing was built.
        """
        folder = self._machine.places.context(command.course, command.context)
        read = dockerfile.read(_content(folder, command.dockerfile))
        build = self._prepared(command)
        fed = await self._fed(command, read, build, job, say)
        if fed in command.known and not command.force:
            return Done(line="nothing to build: what feeds the image has not changed")
        repository = image_repository(self._machine.site, command.course)
        try:
            image_id = await self._image_id(command, read, build, job, say)
            software = await self._proven(image_id, job, say)
            await job.in_thread(self._images.name, image_id, repository, command.version)
        except BaseException:
            await job.in_thread(self._images.forget_unproven, repository)
            raise
        return Done(image=await self._built(command, job, image_id, fed, software))

    async def _fed(
        self, command: BuildImage, read: Dockerfile, build: ImageBuild, job: Job, say: Saying
    ) -> str:
        bases = partial(build.bases, read, newest=command.no_cache, hear=say.from_a_thread())
        bounds = await job.in_thread(self._machine.bounds)
        base = await job.guarded(bases, bounds=bounds, end=lambda: None)
        return hashlib.sha256(f"{command.context} {base}".encode()).hexdigest()

    async def _image_id(
        self, command: BuildImage, read: Dockerfile, build: ImageBuild, job: Job, say: Saying
    ) -> str:
        """The image: we may have been killed after it was named, and before it was told."""
        repository = image_repository(self._machine.site, command.course)
        name = f"{repository}:{command.version}"
        labels = {LABEL: repository, COMMAND: key_of(command.id)}
        if there := await job.in_thread(self._images.made_by, name, labels):
            return there
        await say(f"building {name}")
        run = partial(
            build.run,
            self._machine.places.context(command.course, command.context),
            read,
            tag=f"{repository}:{BUILDING}",
            labels=labels,
            hear=say.from_a_thread(),
        )
        bounds = await job.in_thread(self._machine.bounds)
        try:
            return await job.guarded(run, bounds=bounds, end=build.end, look=build.look)
        except BuildError as e:
            raise build.located(e) from e

    async def _proven(self, image_id: str, job: Job, say: Saying) -> dict[str, str]:
        await say("trying a lab of it")
        machine = self._machine
        smoke = Smoke(machine.api, machine.site, machine.places.work / "smoke", machine.lab_limits)
        bounds = await job.in_thread(machine.bounds, _SMOKE_WITHIN)
        run = partial(smoke.run, image_id, say.note)
        software = await job.guarded(run, bounds=bounds, end=smoke.end)
        await say("it answers: " + ", ".join(f"{name} {v}" for name, v in software.items()))
        return software

    async def _built(
        self, command: BuildImage, job: Job, image_id: str, fed: str, software: dict[str, str]
    ) -> ImageBuilt:
        repository = image_repository(self._machine.site, command.course)
        inspected = await job.in_thread(self._machine.api.get, f"/images/{image_id}/json")
        return ImageBuilt(
            id=f"image-{command.id}",
            course=command.course,
            node=command.node,
            commit=command.commit,
            version=command.version,
            image=f"{repository}:{command.version}",
            image_id=inspected["Id"],
            fed=fed,
            seconds=0.0,
            size=inspected["Size"],
            software=software,
            about=command.id,
            answer_to=command.answer_to,
        )

    def _prepared(self, command: BuildImage) -> ImageBuild:
        given = self._machine.settings
        lending = list(context.lent(given.lend))
        if given.certificates.exists():
            lending.append(Lent(given.certificates.read_bytes(), _CERTIFICATES))
        limits = image_builds.Limits(
            memory=given.memory,
            cpus=given.cpus,
            processes=given.processes,
            network=given.network,
        )
        mark = f"{self._machine.mark}{key_of(command.id)}"
        return ImageBuild(self._machine.api, limits, lending, mark, self._machine.scratch())


def _content(folder: Path, name: str) -> bytes:
    """The Dockerfile's; its folder is another service's, so no link is followed."""
    if "/" in name:
        raise BuildError("internal", f"{name!r} is no name of a file")
    try:
        fd = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as e:
        raise BuildError("no-dockerfile", f"{name}: {e.strerror}") from e
    with os.fdopen(fd, "rb") as file:
        return file.read(dockerfile.MAX_BYTES + 1)
