"""A lab of a new image, before anybody gets it (S-46)."""

import contextlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from nbh_builder import container, probe, running
from nbh_builder.container import CONFIG, RUNTIME, WORK, Limits
from nbh_builder.failure import BuildError
from nbh_builder.last_lines import LastLines
from nbh_builder.podman_api import PodmanApi
from nbh_kit.conditions import Mount

_ENVIRONMENT = {
    "PYTHONPATH": "/home/jovyan/modules",
    "NBAUTOEVAL_LOG": f"{WORK}/.nbautoeval",
    "JUPYTER_CONFIG_PATH": CONFIG,
    "JUPYTER_RUNTIME_DIR": RUNTIME,
}
_NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
_PACKAGE = re.compile(rf"{probe.PACKAGE}\S+==\S+")
_NO_PROGRAM = "failed to exec pid1"
"""What the init says, of whatever it should have run."""


class _Found(msgspec.Struct):
    """What the probe prints."""

    software: dict[str, str]
    error: str = ""


class Smoke:
    """Runs a lab as the provisioner would, but for a network and a student."""

    def __init__(self, api: PodmanApi, site: str, work: Path, limits: Limits) -> None:
        self._api = api
        self._site = site
        self._work = work
        self._limits = limits
        self.name = f"{site}-smoke"
        """Of its container; there is one at a time."""

    def run(self, image_id: str, hear: Callable[[str], None]) -> dict[str, str]:
        """What software a lab of the image reports; ``hear`` gets every package with its version.

        Raises:
            BuildError: none answers, and why.
        """
        said: list[str] = []
        try:
            self._make()
            running.run(self._api, self._body(image_id), said.append)
        finally:
            shutil.rmtree(self._work, ignore_errors=True)
        found = software(said)
        for line in filter(_PACKAGE.fullmatch, said):
            hear(line.removeprefix(probe.PACKAGE))
        return found

    def end(self) -> None:
        """End the one that runs."""
        running.remove(self._api, self.name)

    def _body(self, image_id: str) -> dict[str, object]:
        return container.body(
            name=self.name,
            site=self._site,
            image=image_id,
            command=("python3", f"{CONFIG}/probe.py"),
            environment=_ENVIRONMENT,
            mounts=(
                Mount(source=str(self._work / "work"), target=WORK, read_only=False, owned=True),
                Mount(
                    source=str(self._work / "config"), target=CONFIG, read_only=True, owned=True
                ),
                Mount(
                    source=str(self._work / "runtime"), target=RUNTIME, read_only=False, owned=True
                ),
            ),
            limits=self._limits,
            network=False,
        )

    def _make(self) -> None:
        shutil.rmtree(self._work, ignore_errors=True)
        made = {each: self._work / each for each in ("config", "work", "runtime")}
        for folder in made.values():
            folder.mkdir(parents=True)
        config = made["config"]
        (config / "jupyter_server_config.json").write_bytes(msgspec.json.encode(_settings()))
        shutil.copyfile(probe.__file__, config / "probe.py")
        (made["work"] / probe.NOTEBOOK).write_bytes(msgspec.json.encode(_NOTEBOOK))
        for path in self._work.rglob("*"):
            os.chown(path, container.UID, container.GID)


def _settings() -> dict[str, object]:
    return {
        "PasswordIdentityProvider": {"token": probe.TOKEN, "hashed_password": ""},
        "ServerApp": {
            "identity_provider_class": "jupyter_server.auth.identity.PasswordIdentityProvider",
            "base_url": "/smoke/",
            "ip": "0.0.0.0",
            "port": 8888,
            "port_retries": 0,
            "root_dir": WORK,
            "open_browser": False,
            "allow_unauthenticated_access": False,
        },
    }


def software(said: list[str]) -> dict[str, str]:
    """What the probe found, of all that was written.

    The last words of the lab that it tried may stand after its own: podman reads what a container
    writes and what it complains of as they come.

    Raises:
        BuildError: no lab answers, and why.
    """
    for at, line in reversed(list(enumerate(said))):
        with contextlib.suppress(msgspec.MsgspecError):
            found = msgspec.json.decode(line, type=_Found)
            if found.error:
                raise _failed(found.error, said[:at] + said[at + 1 :])
            return found.software
    if any(_NO_PROGRAM in line for line in said):
        raise BuildError("smoke-failed", "there is no python3 in its path, or none that runs")
    raise _failed("its python3 cannot try it", said)


def _failed(why: str, said: list[str]) -> BuildError:
    return BuildError("smoke-failed", LastLines(said).after(why, or_else="it wrote nothing"))
