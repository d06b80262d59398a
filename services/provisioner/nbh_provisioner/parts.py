"""The parts of one provisioner: each is made here, and told who its neighbours are."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from nbh_kit.buckets import Bucket, Replica
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.traces import Traces
from nbh_proto import Course, Lab
from nbh_provisioner import lab_paths
from nbh_provisioner.accesses import Accesses
from nbh_provisioner.affairs import Means
from nbh_provisioner.boot import Boot
from nbh_provisioner.clones import Clones
from nbh_provisioner.closing import Closing
from nbh_provisioner.commands import Commands
from nbh_provisioner.courses import Courses
from nbh_provisioner.disks import Disks, Shrinking
from nbh_provisioner.engine import Engine
from nbh_provisioner.erasing import Erasing
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.housing import Housing
from nbh_provisioner.files.usage import DiskUsage
from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.freezer import Freezer
from nbh_provisioner.head_room import HeadRoom
from nbh_provisioner.idleness import Idle, Idleness
from nbh_provisioner.lab_folders import LabFolders
from nbh_provisioner.labs import Labs
from nbh_provisioner.leases import Leases
from nbh_provisioner.measuring import Measuring
from nbh_provisioner.memory import Memory
from nbh_provisioner.originals import Originals
from nbh_provisioner.places import Places
from nbh_provisioner.pool import Pool
from nbh_provisioner.preparation import Preparation
from nbh_provisioner.quotas import finding
from nbh_provisioner.readiness import Readiness
from nbh_provisioner.reading import Reading
from nbh_provisioner.rehearsing import Rehearsing
from nbh_provisioner.relief import Relief
from nbh_provisioner.rooms import Rooms
from nbh_provisioner.shares.maker import Maker
from nbh_provisioner.shares.sharing import Sharing
from nbh_provisioner.shares.snapshots import Snapshots
from nbh_provisioner.standing import Standing
from nbh_provisioner.starts import Starts
from nbh_provisioner.stocking import Stocking
from nbh_provisioner.taking import Taking
from nbh_provisioner.taking_over import TakingOver
from nbh_provisioner.watchdog import Watchdog


class Parts:
    """Who works here."""

    def __init__(
        self,
        config: Config,
        engine: Engine,
        readiness: Readiness,
        bus: Bus,
        system: Path,
        read_memory: Callable[[], Memory],
        read_idle: Callable[[], Idle],
        traces: Traces,
    ) -> None:
        head_room = HeadRoom(read_memory, config.provisioner)
        places, node = Places(config.site.data), config.provisioner.node
        is_root = os.getuid() == 0
        owner = Owner(lab_paths.UID, lab_paths.GID) if is_root else None
        clones = Clones(places.preparing, config.uid_of("courses") if is_root else None)
        clones.forget_leftovers()
        folders = LabFolders(places.labs, owner)
        leases = Leases(Bucket(bus, Lab), node)
        boot = Boot(engine, folders, readiness, config)
        starts = Starts(config.provisioner.starts_at_once)
        courses = Bucket(bus, Course)
        self.courses_known = Replica(courses)
        self.pool = Pool(node, boot, leases)
        self.labs = Labs(
            Means(
                node,
                config.lab.image,
                boot,
                Freezer(engine),
                leases,
                starts,
                head_room,
                self.pool,
                bus,
                traces,
            )
        )
        self.relief = Relief(self.labs, self.pool, head_room, free_of_pool=config.pool.free_memory)
        quota = finding.find(config.provisioner.disk_quota, places.students)
        workspaces = Workspaces(places.students, owner, quota.make)
        self.preparation = Preparation(workspaces, clones, owner)
        known = Courses(courses, self.courses_known, places.courses)
        free = config.provisioner.free_bytes
        disks = Disks(
            engine, {"students": places.students, "data": places.data, "system": system}, free
        )
        idle = Idleness(read_idle)
        self.stocking = Stocking(
            self.pool, boot, starts, known, disks, head_room, idle, config.pool, config.lab.image
        )
        self.rehearsing = Rehearsing(self.pool, starts, Idleness(read_idle))
        usage = DiskUsage(places.students, quota)
        bounded = config.provisioner.disk_quota != "off"
        rooms = Rooms(usage, workspaces, quota, config.lab, bounded=bounded)
        self.watchdog = Watchdog(self.labs, known, rooms, usage, Shrinking(places.students), bus)
        self.accesses = Accesses(bus, known, self.preparation, self.labs, disks, rooms, traces)
        Standing(
            bus.metrics,
            labs=self.labs,
            pool=self.pool,
            starts=starts,
            disks=disks,
            read_memory=read_memory,
            opening=self.accesses.opening,
        )
        self.sharing = _sharing(config, bus, known, workspaces, engine, self.labs.adopted)
        self.reading = Reading(workspaces, config.share.max_bytes)
        self.closing = Closing(
            known,
            self.accesses,
            self.labs,
            Housing(places.students),
            places.overrides,
            self.sharing,
        )
        self.erasing = Erasing(self.accesses, self.labs, Housing(places.students), self.sharing)
        self.measuring = Measuring(
            self.labs,
            engine,
            known,
            usage,
            image=config.lab.image,
            data=config.site.data,
        )
        self.originals = Originals(known, workspaces)
        self.taking = Taking(bus, self.accesses, known, workspaces, disks, rooms, owner)
        self.commands = Commands(bus, self.labs)
        self.taking_over = TakingOver(
            node, engine, folders, leases, boot, self.labs, self.pool, bus
        )

    async def following(self) -> None:
        """Follow what courses there are, and keep the pool as it should be, for ever."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self.courses_known.follow())
            loops.create_task(self._stocking())
            loops.create_task(self.rehearsing.run())

    async def _stocking(self) -> None:
        await self.labs.adopted.wait()  # what there is comes before what there should be
        await self.stocking.run()


def _sharing(
    config: Config,
    bus: Bus,
    courses: Courses,
    workspaces: Workspaces,
    engine: Engine,
    ready: asyncio.Event,
) -> Sharing:
    given, image = config.share, config.lab.image
    keep = timedelta(days=given.keep_days) if given.keep_days else None
    return Sharing(
        bus,
        courses,
        Maker(engine, workspaces, given, site=config.site.name, image=image),
        Snapshots(Places(config.site.data).snapshots, keep),
        image=image,
        at_once=given.at_once,
        ready=ready,
    )
