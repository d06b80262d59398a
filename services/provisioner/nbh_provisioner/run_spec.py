"""What a lab's container is: the run specification (S-32 to S-34). Pure."""

import hashlib
from pathlib import Path

import msgspec

from nbh_kit import settings
from nbh_kit.conditions import Mount
from nbh_proto import Course, Lab, Limits, egress, pool_key
from nbh_provisioner import jupyter, lab_paths
from nbh_provisioner.engine import RunSpec
from nbh_provisioner.lab_folders import NOBODYS
from nbh_provisioner.revision import Revision

_NAME_CHARACTERS = 200
_OF_MEMORY = 4
"""Full, /tmp and /var/tmp leave half of a lab's memory to its kernels."""


def container_name(site: str, course: str, student: str) -> str:
    """The one name that the container of a (site, course, student) can have.

    ``<site>-<course>-<student>-<8 hexadecimal digits>``: the digits make it unambiguous.
    """
    digest = hashlib.sha256("\0".join((site, course, student)).encode()).hexdigest()[:8]
    readable = f"{site}-{course}-{student}".lstrip("_.-")[:_NAME_CHARACTERS]
    return f"{readable}-{digest}"


def limits_of(course: Limits, site: settings.Lab) -> settings.Lab:
    """The site's limits of a lab, with those that a course has of its own in their places."""
    return msgspec.structs.replace(
        site,
        memory=course.memory or site.memory,
        cpus=course.cpus or site.cpus,
        processes=course.processes or site.processes,
        disk=course.disk or site.disk,
        files=course.files or site.files,
    )


def settings_of(course: Course, site: settings.Lab) -> settings.Lab:
    """The site's settings of a lab, with those that a course has of its own in their places."""
    own = limits_of(course.limits, site)
    return msgspec.structs.replace(own, egress=egress.checked(course.egress or site.egress))


def run_spec(
    lab: Lab,
    image: str,
    revision: Revision,
    workspace: Path,
    folder: Path,
    site: str,
    limits: settings.Lab,
) -> RunSpec:
    """The container of one lab.

    Args:
        image: the id of its image.
        workspace: the student's, on this machine.
        folder: the lab's own, on this machine.
        limits: as `limits_of` has them.
    """
    spec = RunSpec(
        name=container_name(site, lab.course, lab.student),
        image=image,
        command=jupyter.COMMAND,
        environment=jupyter.ENVIRONMENT,
        labels={},
        mounts=tuple(_mounts(revision, workspace, folder)),
        user=lab_paths.UID,
        group=lab_paths.GID,
        folder=lab_paths.WORK,
        memory=limits.memory,
        cpus=limits.cpus,
        processes=limits.processes,
        open_files=limits.open_files,
        tmp=min(limits.tmp, limits.memory // _OF_MEMORY),
        egress=limits.egress,
    )
    return msgspec.structs.replace(spec, labels=_labels(lab, revision, site, spec))


def pool_name(site: str, lab: Lab) -> str:
    """The name of a container that is nobody's yet: no `container_name` can be the same, since
    sixteen hexadecimal digits follow the last hyphen."""
    readable = f"{site}-{lab.course}".lstrip("_.-")[:_NAME_CHARACTERS]
    return f"{readable}-pool-{pool_key(lab.course, lab.capability).rpartition('.')[2]}"


def pool_spec(
    lab: Lab, image: str, revision: Revision, folder: Path, site: str, limits: settings.Lab
) -> RunSpec:
    """The container of a lab that is nobody's yet (S-56): as any other, but that a folder of
    nobody's stands where the workspace will be, and that it yields to others."""
    spec = run_spec(lab, image, revision, folder / NOBODYS, folder, site, limits)
    mounts = tuple(_closed(m) if m.target == lab_paths.WORK else m for m in spec.mounts)
    return msgspec.structs.replace(spec, name=pool_name(site, lab), spare=True, mounts=mounts)


def workspace_mount(workspace: Path) -> Mount:
    """Where a lab has a student's files."""
    return Mount(source=str(workspace), target=lab_paths.WORK, read_only=False, owned=True)


def _closed(mount: Mount) -> Mount:
    return msgspec.structs.replace(mount, read_only=True)


def fingerprint(spec: RunSpec) -> str:
    """What a lab has in common with all that would be started today: image, command, limits.

    A lab with another fingerprint than a fresh one would have is outdated (R-22).
    """
    shape = msgspec.structs.replace(
        spec,
        name="",
        labels={},
        spare=False,
        mounts=tuple(msgspec.structs.replace(m, source="") for m in spec.mounts),
    )
    return hashlib.sha256(msgspec.json.encode(shape)).hexdigest()[:16]


def _labels(lab: Lab, revision: Revision, site: str, spec: RunSpec) -> dict[str, str]:
    return {
        "nbh.site": site,
        "nbh.node": lab.node,
        "nbh.course": lab.course,
        "nbh.student": lab.student,
        "nbh.image": lab.image,
        "nbh.commit": revision.commit,
        "nbh.generation": str(lab.generation),
        "nbh.capability": lab.capability,
        "nbh.egress": spec.egress,
        "nbh.spec": fingerprint(spec),
    }


def _mounts(revision: Revision, workspace: Path, folder: Path) -> list[Mount]:
    runtime = folder / "runtime"
    shared = [
        (revision.folder / "modules", lab_paths.MODULES),
        (revision.folder / "static", lab_paths.STATIC),
        (revision.folder / "jupyter", lab_paths.JUPYTER),
        (revision.mirror, lab_paths.MIRROR),
    ]
    return [
        workspace_mount(workspace),
        *(
            Mount(source=str(source), target=target, read_only=True, owned=False)
            for source, target in shared
            if source.is_dir()
        ),
        Mount(source=str(folder), target=lab_paths.CONFIG, read_only=True, owned=True),
        Mount(source=str(runtime), target=lab_paths.RUNTIME, read_only=False, owned=True),
    ]
