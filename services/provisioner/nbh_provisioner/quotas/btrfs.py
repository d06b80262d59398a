"""Quotas of btrfs: each new workspace is a subvolume, and its group of quotas is bounded.

Of bytes alone: btrfs does not bound the number of files, and needs not, as it has no table of them
that could run full; what they take of its trees counts as bytes. So files are counted as
everywhere, and bytes too: a student may make subvolumes in theirs (that takes no rights), which
btrfs counts for themselves.

A workspace that is an ordinary folder, from before quotas were on, stays one and is watched.
"""

import errno
import os

from nbh_provisioner.quotas import btrfs_calls
from nbh_provisioner.quotas.quota import Counted
from nbh_provisioner.room import Room


class Btrfs:
    """Quotas of one btrfs, where they are on."""

    name = "btrfs"

    def make(self, parent: int, name: str) -> None:
        try:
            btrfs_calls.create_subvolume(parent, name)
        except OSError as e:
            if e.errno != errno.ENOTTY:
                raise
            os.mkdir(name, 0o755, dir_fd=parent)  # this student's files are elsewhere

    def bound(self, workspace: int, room: Room) -> None:
        if btrfs_calls.is_subvolume(workspace):
            btrfs_calls.limit(workspace, room.bytes)

    def taken(self, workspace: int) -> Counted | None:
        if not btrfs_calls.is_subvolume(workspace):
            return None
        group = btrfs_calls.group(workspace, btrfs_calls.subvolume(workspace))
        return Counted(group.referenced) if group else None

    def settle(self, workspace: int) -> None:
        if btrfs_calls.is_subvolume(workspace):
            btrfs_calls.commit(workspace)
