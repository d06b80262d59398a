"""Has a lab that waits rehearse its first page: `POST api/nbh/rehearsal`; `GET` tells if it did.

Who keeps the pool asks for it when the machine has nothing better to do. In a lab that somebody
has used already there is nothing to rehearse.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Protocol

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web


class Rehearses(Protocol):
    """`nbh_lab.ahead.Kernels`; a course may have put another manager in its place."""

    is_rehearsed: bool

    async def rehearse(self) -> None:
        """Do it, once."""


class Rehearsal(APIHandler):
    """Answers once it is done; whoever hangs up ends it."""

    auth_resource = "kernels"
    _going_on: "asyncio.Task[None] | None" = None

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """204."""
        self._going_on = asyncio.create_task(self._kernels().rehearse())
        await self._going_on
        self.set_status(204)
        await self.finish()

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{"rehearsed": true}``."""
        await self.finish(json.dumps({"rehearsed": self._kernels().is_rehearsed}))

    def on_connection_close(self) -> None:
        """Its student has come: their page asks for all of it itself."""
        if self._going_on is not None:
            self._going_on.cancel()
        super().on_connection_close()

    def _kernels(self) -> Rehearses:
        kernels: Rehearses = self.kernel_manager
        if not hasattr(kernels, "rehearse"):
            raise web.HTTPError(HTTPStatus.NOT_FOUND)
        return kernels


default_handlers = [(r"/api/nbh/rehearsal", Rehearsal)]
