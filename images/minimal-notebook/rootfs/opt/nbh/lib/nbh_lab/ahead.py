"""A kernel that runs before anybody asks for one (SPEED.md, S4).

To start one takes half a second of processor time, just when a student waits and their browser has
most to do. So a lab that waits in the pool starts one when it is asked to rehearse, and whoever
asks first for a kernel of that kind gets it. It is nobody's until then: no list has it, and no
policy of idleness sees it. A lab that is started for somebody has none: they are there already,
and who only reads needs none.
"""

import asyncio
import os
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from jupyter_client.client import KernelClient
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Bool

from nbh_lab import warming
from nbh_lab.kernels import Kernel

T = TypeVar("T")

_ANSWERS_WITHIN = 60.0
_LOOKS_EACH = 0.2
_SESSION = "JPY_SESSION_NAME"
_MOVES = "__import__('os').environ.update({env!r}) or __import__('os').chdir({cwd!r})"
"""Binds no name that a student could see."""


class KernelAhead(Kernel):
    """One that may have been started for nobody."""

    _client: KernelClient | None = None
    _begun: "asyncio.Task[None] | None" = None

    def begin(self, cwd: str) -> None:
        """Start for nobody."""
        self._begun = asyncio.create_task(self._begin(cwd))

    async def begun(self) -> None:
        """Wait until it runs, or cannot."""
        if self._begun is not None:
            await asyncio.wait([self._begun])

    def suits(self, kernel_name: str, asked: Mapping[str, Any]) -> bool:
        """Whether it is what would be started."""
        env = asked.get("env") or {}
        return (
            kernel_name == self.kernel_name
            and asked.keys() <= {"cwd", "env", "kernel_id"}
            and all(
                os.environ.get(name) == value for name, value in env.items() if name != _SESSION
            )
        )

    async def start_kernel(self, *args: Any, **asked: Any) -> None:
        """Be the kernel that is asked for; one that was begun is put where it would have begun."""
        if self._begun is None:
            await super().start_kernel(*args, **asked)
            return
        if not await self._is_moved(asked):
            await super().shutdown_kernel(now=True, restart=True)
            await super().start_kernel(*args, **asked)

    async def _begin(self, cwd: str) -> None:
        await super().start_kernel(cwd=cwd, env={**os.environ, _SESSION: ""})
        self._client = self.client()
        self._client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        await self._alive(self._client.kernel_info(reply=True, timeout=_ANSWERS_WITHIN))

    async def _alive(self, answer: Awaitable[T]) -> T:
        """What it answers; at once an error when it ends instead."""
        answered, ended = asyncio.ensure_future(answer), asyncio.create_task(self._ended())
        try:
            await asyncio.wait((answered, ended), return_when=asyncio.FIRST_COMPLETED)
            if not answered.done():
                raise RuntimeError("it has ended")
            return answered.result()
        finally:
            answered.cancel()
            ended.cancel()

    async def _ended(self) -> None:
        while await self.is_alive():  # noqa: ASYNC110  nobody says when it ends
            await asyncio.sleep(_LOOKS_EACH)

    async def _is_moved(self, asked: Mapping[str, Any]) -> bool:
        begun, self._begun = self._begun, None
        given = {name: asked[name] for name in ("cwd", "env") if name in asked}
        try:
            await begun
            session = (given.get("env") or {}).get(_SESSION, "")
            code = _MOVES.format(env={_SESSION: session}, cwd=given.get("cwd", "."))
            # silent: it is not counted, and nobody's history has it
            moved = self._client.execute(
                code, silent=True, store_history=False, reply=True, timeout=_ANSWERS_WITHIN
            )
            reply = await self._alive(moved)
        except Exception as e:
            self.log.warning("the kernel that was begun is of no use: %r", e)
            return False
        finally:
            if self._client is not None:
                self._client.stop_channels()
                self._client = None
        self.kernel_id = asked.get("kernel_id") or self.kernel_id
        self._launch_args = given  # as it is started again
        self.provisioner.cwd = given.get("cwd")
        return bool(reply["content"]["status"] == "ok")


class Kernels(AsyncMappingKernelManager):
    """All kernels of a lab, and the one that is nobody's yet."""

    waits = Bool(False, config=True, help="Whether nobody is there yet. The site says so.")
    begins_one = Bool(
        True,
        config=True,
        help="Whether a lab that rehearses starts a kernel. It takes 38 MB of memory.",
    )

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._ahead: KernelAhead | None = None
        self.is_rehearsed = False

    async def rehearse(self) -> None:
        """Begin a kernel, and ask what a first page asks, unless somebody is there or was.

        One that is cancelled keeps its kernel, and can be done again.
        """
        if self.is_rehearsed or not self.waits:
            return
        if self.begins_one:
            self._ahead = self._ahead or self._begun()
            await self._ahead.begun()
        await warming.warm(self.parent)
        self.is_rehearsed = True

    def _begun(self) -> KernelAhead:
        ahead = self._made()
        ahead.begin(self.root_dir)
        return ahead

    def _made(self) -> KernelAhead:
        made, _, kernel_id = super().pre_start_kernel(None, {})
        made.kernel_id = kernel_id
        return made

    def pre_start_kernel(
        self, kernel_name: str | None, kwargs: dict[str, Any]
    ) -> tuple[Any, str, str]:
        """The kernel that is to be started; the one that runs already, if it suits."""
        self.waits = False
        ahead, self._ahead = self._ahead, None
        name = kernel_name or self.default_kernel_name
        if ahead is None:
            return super().pre_start_kernel(kernel_name, kwargs)
        if not ahead.suits(name, kwargs):
            self._ending = asyncio.create_task(ahead.shutdown_kernel(now=True))
            return super().pre_start_kernel(kernel_name, kwargs)
        return ahead, name, kwargs.pop("kernel_id", None) or ahead.kernel_id

    async def shutdown_all(self, now: bool = False) -> None:
        """End all, also the one that is nobody's."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            await ahead.shutdown_kernel(now=True)
        await super().shutdown_all(now=now)
