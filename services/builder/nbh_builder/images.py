"""The images of courses on this machine: their names, and those that nobody wants any more."""

import contextlib
from collections.abc import Collection, Mapping
from urllib.parse import quote

import msgspec
import structlog

from nbh_builder.podman_api import Answered, PodmanApi

LABEL = "nbh.course-image"
"""The label that says of whom an image is: its name without the version."""

COMMAND = "nbh.build"
"""The label that says which command made it."""

BUILDING = "building"
"""The tag of what no lab has answered from yet."""

logger = structlog.get_logger(__name__)


class _Listed(msgspec.Struct):
    """What ``GET /images/json`` says of one."""

    Id: str
    RepoTags: list[str] | None = None


class Images:
    """Names and removals. Blocking."""

    def __init__(self, api: PodmanApi) -> None:
        self._api = api

    def made_by(self, name: str, labels: Mapping[str, str]) -> str:
        """The id of the image of this name that has these labels; empty if there is none."""
        if not self._api.image_id(name):
            return ""
        found = self._api.get(f"/images/{quote(name, safe='')}/json")
        return found["Id"] if labels.items() <= (found["Labels"] or {}).items() else ""

    def name(self, image_id: str, repository: str, version: str) -> None:
        """Give an image its name for good; it was `BUILDING` until now."""
        self._api.post(f"/images/{image_id}/tag", repo=repository, tag=version)
        with contextlib.suppress(Answered):
            self._api.post(f"/images/{image_id}/untag", repo=repository, tag=BUILDING)

    def forget_unproven(self, repository: str) -> None:
        """Remove what was built and did not become a version."""
        self._remove(f"{repository}:{BUILDING}")

    def keep_only(self, repository: str, wanted: Collection[str]) -> int:
        """Remove a course's images but these; how many are still there as containers use them."""
        left = 0
        filters = msgspec.json.encode({"label": [f"{LABEL}={repository}"]}).decode()
        listed = self._api.get("/images/json", filters=filters)
        for image in msgspec.convert(listed or [], list[_Listed]):
            for name in image.RepoTags or [image.Id]:
                if name not in wanted and not name.endswith(f":{BUILDING}"):
                    left += not self._remove(name)
        return left

    def _remove(self, name: str) -> bool:
        """Remove an image unless a container uses it; whether it is gone."""
        try:
            self._api.delete(f"/images/{quote(name, safe='')}", force="false")
        except Answered as e:
            logger.info("an image stays", image=name, why=e.text)
            return False
        return True
