"""Publishes what was fetched into one course's place, in one thread, to be killed on the way."""

import sys
from pathlib import Path

import msgspec

from nbh_courses import environment, publishing, tree
from nbh_courses.repositories import FETCHED
from nbh_courses.shelf import Place

place = Place(Path(sys.argv[1]))
record = place.record
assert record is not None
with tree.opened(place.mirror, environment.closed(place.folder.parent, local=True)) as reader:
    commit = reader.commit(FETCHED)
    publishing.publish(place, reader, commit, 1024**2)
place.remember(msgspec.structs.replace(record, commit=commit))
