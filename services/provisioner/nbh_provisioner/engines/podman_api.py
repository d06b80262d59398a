"""podman-py's client, made to speak of our errors only. Blocking; one for each thread."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from podman import PodmanClient
from podman.errors import APIError, PodmanError

from nbh_provisioner.engine import EngineDown, EngineError, ImageMissing, NoSpace, Refused
from nbh_provisioner.engines.liveness import Liveness

WITHIN = 30.0
"""Seconds for one call."""

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*([/:@][A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)


class Answered(EngineError):
    """Podman answered with an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


class PodmanApi:
    """Calls of the libpod API, as paths and values."""

    def __init__(self, address: Path, within: float, liveness: Liveness | None = None) -> None:
        self._address = address
        self._liveness = liveness or Liveness(address, within)
        self._api = PodmanClient(base_url=f"unix://{address}", timeout=within).api
        self._within = within
        # A connection for each call: one that is kept breaks when podman's service is restarted.
        self._api.headers["Connection"] = "close"

    def get(self, path: str, **parameters: Any) -> Any:
        """The value that a GET answers."""
        return self._value("get", path, params=parameters)

    def text(self, path: str, **parameters: Any) -> bytes:
        """The bytes that a GET answers."""
        return bytes(self._call("get", path, params=parameters).content)

    def post(self, path: str, body: Any = None, *, longer: float = 0.0, **parameters: Any) -> Any:
        """The value that a POST answers; ``longer`` seconds are added to the limit."""
        data = None if body is None else msgspec.json.encode(body)
        within = self._within + longer
        return self._value("post", path, data=data, params=parameters, timeout=within)

    def delete(self, path: str, **parameters: Any) -> None:
        """Remove something."""
        self._call("delete", path, params=parameters)

    def image(self, name: str) -> str:
        """The id of an image.

        Raises:
            ImageMissing: there is none of that name, or it is no name.
        """
        return str(self._image(name)["Id"])

    def made(self, name: str) -> datetime:
        """When an image was made.

        Raises:
            ImageMissing: there is none of that name, or it is no name.
        """
        return msgspec.convert(self._image(name)["Created"], datetime)

    def _image(self, name: str) -> Any:
        if not _IMAGE.fullmatch(name):
            raise ImageMissing(name)
        try:
            return self.get(f"/images/{name}/json")
        except Answered as e:
            if e.status == 404 or "not known" in e.text:
                raise ImageMissing(name) from e
            raise

    def close(self) -> None:
        self._api.close()

    def _value(self, verb: str, path: str, **options: Any) -> Any:
        content = self._call(verb, path, **options).content
        return msgspec.json.decode(content) if content.strip() else None

    def _call(self, verb: str, path: str, **options: Any) -> Any:
        if not self._address.exists():
            raise EngineDown(f"podman: there is no socket {self._address}")
        self._liveness.check()
        try:
            response = getattr(self._api, verb)(path, **options)
            self._liveness.heard()
            response.raise_for_status()
        except APIError as e:
            if e.response is None:  # no connection, or no answer in time
                raise EngineDown(f"podman: {e.__cause__ or e}") from e
            raise Answered(e.response.status_code, e.explanation or str(e)) from e
        except (PodmanError, OSError) as e:
            raise EngineDown(f"podman: {e}") from e
        return response


def refusal(error: Answered) -> EngineError:
    """What an error that podman answered to a start says of the lab."""
    return NoSpace(error.text) if is_for_want_of_space(error) else Refused(error.text)


def is_for_want_of_space(error: Answered) -> bool:
    """Whether podman could not do something since its disk is full."""
    return "no space left" in error.text or "quota exceeded" in error.text
