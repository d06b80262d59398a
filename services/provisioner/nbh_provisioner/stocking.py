"""Keeps the pool as large as `nbh_provisioner.pool_policy` says, when the machine has nothing
better to do: students' own starts go first, and what boots for the pool yields the CPU."""

import asyncio
import contextlib
import math
import os
import time
from collections import Counter
from typing import NamedTuple

import structlog

from nbh_kit import settings
from nbh_proto import Course
from nbh_provisioner import pool_policy
from nbh_provisioner.boot import Boot, Wish
from nbh_provisioner.courses import Courses
from nbh_provisioner.disks import Disks
from nbh_provisioner.engine import EngineError
from nbh_provisioner.head_room import LAB_BYTES, HeadRoom
from nbh_provisioner.idleness import Idleness
from nbh_provisioner.pool import Pool
from nbh_provisioner.pool_policy import Demand
from nbh_provisioner.revision import Unreadable
from nbh_provisioner.slot import Slot
from nbh_provisioner.starts import Starts

_LOOK_EVERY = 1.0
_IMAGES_EVERY = 5.0
_SURPLUS = 60.0
"""Seconds after which what is too many goes: demand that falls may rise again."""

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0

logger = structlog.get_logger(__name__)


class _Image(NamedTuple):
    id: str | None
    looked: float


class _Trouble(NamedTuple):
    pause: float
    until: float


class Stocking:
    """The loop that boots labs for the pool, and removes those that are too many or outdated."""

    def __init__(
        self,
        pool: Pool,
        boot: Boot,
        starts: Starts,
        courses: Courses,
        disks: Disks,
        head_room: HeadRoom,
        idleness: Idleness,
        limits: settings.Pool,
        image: str,
    ) -> None:
        """``image`` is that of courses which name none."""
        self._pool = pool
        self._boot = boot
        self._starts = starts
        self._courses = courses
        self._disks = disks
        self._head_room = head_room
        self._idleness = idleness
        self._limits = limits
        self._image = image
        self._images: dict[str, _Image] = {}
        self._trouble: dict[str, _Trouble] = {}
        self._booting: set[asyncio.Task[None]] = set()
        self._short_since: float | None = None
        self._surplus_since: dict[str, float] = {}

    async def run(self) -> None:
        """Work for ever."""
        try:
            await self._courses.are_known()
            while not self._pool.is_closed:
                self._pool.changed.clear()
                await self._look()
                await asyncio.sleep(0)  # what was begun is counted by the next look
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._pool.changed.wait(), _LOOK_EVERY)
        finally:
            for task in self._booting:
                task.cancel()
            await asyncio.gather(*self._booting, return_exceptions=True)

    async def _look(self) -> None:
        now, idle = time.monotonic(), self._idleness.lately()
        wishes = self._wishes(now)
        await self._look_at_images(wishes, now)
        room = await self._room()
        sizes = pool_policy.sizes(self._demands(wishes), now, room)
        self._pool.wanted = sum(sizes.values())
        self._remove_outdated(wishes)
        self._remove_surplus(sizes, now)
        self._boot_what_is_short(wishes, sizes, now, idle)

    def _wishes(self, now: float) -> dict[str, Wish]:
        """What the next lab of each course would be, of those that may have some in the pool."""
        lately = self._pool.demands.courses(now)
        there = {slot.lab.course for slot in self._pool.slots}  # they may be outdated
        found = {}
        for course in self._courses.known():
            is_wanted = course.course in lately or self._least(course)
            if (is_wanted and self._most(course)) or course.course in there:
                with contextlib.suppress(Unreadable):
                    found[course.course] = Wish(course, "", self._courses.revision(course))
        return found

    def _demands(self, wishes: dict[str, Wish]) -> dict[str, Demand]:
        return {
            name: self._pool.demands.of(name, self._least(w.course), self._most(w.course))
            for name, w in wishes.items()
        }

    def _least(self, course: Course) -> int:
        own = course.limits.pool_min
        return self._limits.minimum if own is None else own

    def _most(self, course: Course) -> int:
        own = course.limits.pool_max
        return max(self._limits.maximum if own is None else own, self._least(course))

    async def _room(self) -> int:
        """Those that are there need no more; who ends them for want of memory is `Relief`."""
        if await self._disks.short():
            return len(self._pool.labs)
        more = math.floor(self._head_room.left(self._limits.free_memory) / LAB_BYTES)
        return len(self._pool.labs) + max(0, more)

    async def _look_at_images(self, wishes: dict[str, Wish], now: float) -> None:
        """What labs' images are now: a new one may have come under the same name."""
        for name in {self._image_of(w) for w in wishes.values()}:
            if now - self._images.get(name, _Image(None, -math.inf)).looked < _IMAGES_EVERY:
                continue
            try:
                self._images[name] = _Image(await self._boot.image(name), now)
            except EngineError as e:
                self._images[name] = _Image(None, now)
                logger.info("nothing is booted of an image", image=name, error=str(e))

    def _image_of(self, wish: Wish) -> str:
        return wish.course.image or self._image

    def _remove_outdated(self, wishes: dict[str, Wish]) -> None:
        for slot in self._pool.slots:
            if (wish := wishes.get(slot.lab.course)) and self._is_outdated(slot, wish):
                self._pool.remove(slot)

    def _is_outdated(self, slot: Slot, wish: Wish) -> bool:
        image = self._images[self._image_of(wish)].id
        if image is None:  # nobody knows; it stays as long as it is as good as any
            return False
        return image != slot.image or slot.shape != self._pool.shape(wish, slot)

    def _remove_surplus(self, sizes: dict[str, int], now: float) -> None:
        counts = Counter(slot.lab.course for slot in self._pool.slots)
        known = {course.course for course in self._courses.known()}
        surplus = {c: n - sizes.get(c, 0) for c, n in counts.items() if n > sizes.get(c, 0)}
        self._surplus_since = {c: self._surplus_since.get(c, now) for c in surplus}
        for course, number in surplus.items():
            is_old = now - self._surplus_since[course] >= _SURPLUS
            if is_old or course not in known:
                for _ in range(number):
                    self._remove_one(course)

    def _remove_one(self, course: str) -> None:
        """One that has not booted yet, or else the newest."""
        of_course = [s for s in self._pool.slots if s.lab.course == course]
        self._pool.remove(max(of_course, key=lambda s: not s.answers))

    def _boot_what_is_short(
        self, wishes: dict[str, Wish], sizes: dict[str, int], now: float, idle: float
    ) -> None:
        counts = Counter(lab.course for lab in self._pool.labs)
        short = [course for course, size in sizes.items() for _ in range(size - counts[course])]
        if not short:
            self._short_since = None
            return
        self._short_since = self._short_since or now
        came, short_for = now - self._pool.taken_at, now - self._short_since
        if self._starts.is_idle and pool_policy.has_time(came, short_for, idle):
            for course in short[: max(0, (os.cpu_count() or 1) - len(self._booting))]:
                self._begin(wishes[course], now)

    def _begin(self, wish: Wish, now: float) -> None:
        name, course = self._image_of(wish), wish.course.course
        image = self._images[name].id
        if image is None or now < self._trouble.get(course, _Trouble(0, 0)).until:
            return
        task = asyncio.create_task(self._boot_one(wish, name, image))
        self._booting.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._booting.discard(task)
        self._pool.changed.set()

    async def _boot_one(self, wish: Wish, name: str, image: str) -> None:
        course = wish.course.course
        try:
            await self._pool.boot(wish, name, image)
        except (EngineError, TimeoutError) as e:
            self._pause(course, str(e))
        except Exception:
            logger.exception("a lab for the pool could not be booted", course=course)
            self._pause(course, "see above")
        else:
            self._trouble.pop(course, None)

    def _pause(self, course: str, why: str) -> None:
        last = self._trouble.get(course)
        pause = min(last.pause * 2, _LONGEST_PAUSE) if last else _FIRST_PAUSE
        self._trouble[course] = _Trouble(pause, time.monotonic() + pause)
        logger.warning("a course has no pool for a while", course=course, why=why, seconds=pause)
