"""podman's API, as far as builds need it, through podman-py. Blocking: for threads.

podman-py and what it brings are imported when the first build comes: 14 MB that an idle builder
does without.
"""

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import msgspec

from nbh_builder.failure import BuildError

_WITHIN = 60.0
_DAY = 86_400.0
_GONE = 404


class Answered(Exception):
    """Podman answered with an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"podman: {status}: {text}")
        self.status = status
        self.text = text


class PodmanApi:
    """Calls of the libpod API. One connection a call: podman's service may be restarted."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._made: Any = None

    def get(self, path: str, **parameters: Any) -> Any:
        """The value that a GET answers."""
        return _value(self._call("get", path, params=parameters).content)

    def post(self, path: str, body: Any = None, *, within: float = _WITHIN, **more: Any) -> Any:
        """The value that a POST answers."""
        data = None if body is None else msgspec.json.encode(body)
        return _value(self._call("post", path, data=data, params=more, timeout=within).content)

    def delete(self, path: str, **parameters: Any) -> bool:
        """Remove something; whether it was there."""
        try:
            self._call("delete", path, params=parameters)
        except Answered as e:
            if e.status == _GONE:
                return False
            raise
        return True

    def image_id(self, name: str) -> str:
        """The id of an image; empty if there is none of that name."""
        try:
            return str(self.get(f"/images/{quote(name, safe='')}/json")["Id"])
        except Answered as e:
            if e.status == _GONE or "not known" in e.text:
                return ""
            raise

    @contextlib.contextmanager
    def streaming(
        self, verb: str, path: str, *, body: BinaryIO | None = None, **parameters: Any
    ) -> Generator[Iterator[bytes]]:
        """What a call answers, in pieces as they come; no limit of time between them."""
        sent = {"data": body, "headers": {"Content-Type": "application/x-tar"}} if body else {}
        response = self._call(verb, path, params=parameters, stream=True, timeout=_DAY, **sent)
        try:
            yield response.iter_content(chunk_size=None)
        finally:
            response.close()

    def _client(self) -> Any:
        if self._made is None:
            from podman import PodmanClient

            self._made = PodmanClient(base_url=f"unix://{self._socket}", timeout=_WITHIN).api
            self._made.headers["Connection"] = "close"
        return self._made

    def _call(self, verb: str, path: str, **options: Any) -> Any:
        if not self._socket.exists():
            raise BuildError("engine-down", f"there is no socket {self._socket}")
        client = self._client()
        from podman.errors import APIError, PodmanError

        try:
            response = getattr(client, verb)(path, **options)
            response.raise_for_status()
        except APIError as e:
            if e.response is None:  # no connection, or no answer in time
                raise BuildError("engine-down", f"podman: {e.__cause__ or e}") from e
            raise Answered(e.response.status_code, e.explanation or str(e)) from e
        except (PodmanError, OSError) as e:
            raise BuildError("engine-down", f"podman: {e}") from e
        return response


def _value(content: bytes) -> Any:
    return msgspec.json.decode(content) if content.strip() else None
