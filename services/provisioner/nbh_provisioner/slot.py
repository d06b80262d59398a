"""One lab that is booted, or about to be, and nobody's."""

import msgspec

from nbh_kit.buckets import Held
from nbh_proto import Lab
from nbh_provisioner.boot import Shape
from nbh_provisioner.engine import Running


class Slot:
    """A lab of the pool. Once taken out of it it is somebody's, or goes; it never comes back."""

    def __init__(self, lab: Lab, running: Running, shape: Shape, image: str) -> None:
        self.lab = lab
        self.running = running
        self.shape = shape
        self.image = image
        """The id of its image."""

        self.held = Held(lab, 0)
        """Its entry in the bucket."""

        self.answers = False
        """Whether it has booted."""

        self.is_rehearsed = False
        """Whether it did all that its first page needs."""

    def as_lab_of(self, lab: Lab) -> Lab:
        """What a student's lab becomes, who would have got ``lab`` otherwise."""
        ours = self.lab
        return msgspec.structs.replace(
            lab,
            capability=ours.capability,
            token=ours.token,
            address=ours.address,
            container=ours.container,
            commit=ours.commit,
        )
