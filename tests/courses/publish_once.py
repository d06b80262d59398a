"""Publishes what was fetched into one course's place, in one thread, to be killed on the way."""

import sys
from pathlib import Path

import msgspec

from nbh_courses import environment
from nbh_courses.parsing import Parser
from nbh_courses.publisher import Publisher
from nbh_courses.shelf import Place
from nbh_courses.submodule_fetching import NONE

place = Place(Path(sys.argv[1]))
record = place.record
assert record is not None
closed = environment.closed(place.folder.parent, local=True)
publisher = Publisher(place.folder.parent / "local", closed, 1024**2, Parser())
commit, _ = publisher.publish(record, place, NONE)
place.remember(msgspec.structs.replace(record, commit=commit))
publisher.close()
