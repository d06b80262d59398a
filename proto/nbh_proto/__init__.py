"""What nbhosting's services say to each other. A message's type says its subject."""

from nbh_proto._message import Answer, Command, Event, Message, Question, new_id, now
from nbh_proto.access import (
    AccessDenied,
    AccessFailed,
    AccessOpened,
    AccessProgress,
    AccessReady,
    AccessRefused,
    AccessRequested,
)
from nbh_proto.buckets import Course, Lab, Launch, Value, lab_key
from nbh_proto.course import (
    CommandDone,
    CommandFailed,
    CommandProgress,
    CourseFailed,
    CoursePublished,
    CreateCourse,
    PullCourse,
)
from nbh_proto.dead import DeadLetter
from nbh_proto.lab import (
    FreezeLab,
    LabFailed,
    LabFrozen,
    LabReady,
    LabStarting,
    LabStopped,
    LabThawed,
    StopLab,
)
from nbh_proto.notebook import NotebookCopied, NotebookReset

__all__ = [
    "AccessDenied",
    "AccessFailed",
    "AccessOpened",
    "AccessProgress",
    "AccessReady",
    "AccessRefused",
    "AccessRequested",
    "Answer",
    "Command",
    "CommandDone",
    "CommandFailed",
    "CommandProgress",
    "Course",
    "CourseFailed",
    "CoursePublished",
    "CreateCourse",
    "DeadLetter",
    "Event",
    "FreezeLab",
    "Lab",
    "LabFailed",
    "LabFrozen",
    "LabReady",
    "LabStarting",
    "LabStopped",
    "LabThawed",
    "Launch",
    "Message",
    "NotebookCopied",
    "NotebookReset",
    "PullCourse",
    "Question",
    "StopLab",
    "Value",
    "lab_key",
    "new_id",
    "now",
]
