"""What our pages say in English."""

from nbh_router.words import Amounts, Buttons, Kind, Progress, Sentences

BUTTONS = Buttons(
    again="Try again",
    reset="Reset to the original",
    undo="Undo the reset",
    stop="Stop my notebook server",
    keep="Open my version",
    files="Open my files",
    notebook="Open the notebook",
    rescue="Get at my work",
    quote="If you ask for help, quote",
)

AMOUNTS = Amounts(
    bytes="{taken} of {limit}",
    files="{taken} of {limit} files",
    units=("B", "KiB", "MiB", "GiB", "TiB"),
    point=".",
)

PROGRESS = Progress(
    title="Your notebook is on its way",
    asked="Looking for your notebook server",
    queued="Waiting for a free place",
    one_before="1 student is before you",
    some_before="{n} students are before you",
    copying="Getting your files ready",
    starting="Starting your notebook server",
    booting="Jupyter is starting",
    ready="Opening your notebook",
    away="The service is restarting. Your place is kept, this page goes on by itself.",
    patience="This takes longer than usual. You can stay on this page, it goes on by itself.",
)

SENTENCES: dict[Kind, Sentences] = {
    "refused": Sentences(
        "This notebook cannot be opened from here",
        "Your course has not let you in, or what it gave you has expired.",
        "Go back to your course and reload its page. If this page comes again, tell your teacher.",
    ),
    "no-such-page": Sentences(
        "There is nothing at this address",
        "The address is not that of a notebook.",
        "Check the address, or open the notebook from your course.",
    ),
    "course-unknown": Sentences(
        "There is no course “{course}” here",
        "The page you come from asks for a course that this service does not have.",
        "Tell your teacher: the name in the link is wrong, or the course is not published yet.",
    ),
    "course-unreadable": Sentences(
        "The course “{course}” is not ready",
        "Its files could not be read, or they are not published yet.",
        "Try again in a minute. If it does not help, tell your teacher.",
    ),
    "notebook-unknown": Sentences(
        "The notebook “{notebook}” does not exist",
        "It is neither in the course “{course}” nor among your own files.",
        "Tell your teacher: the link may be older or newer than the course.",
    ),
    "expired": Sentences(
        "Nobody could open your notebook in time",
        "The service was too busy, or stopped for a while. Your files are safe.",
        "Try again. If you come back here, wait some minutes.",
    ),
    "image-missing": Sentences(
        "The software of “{course}” is not installed",
        "The notebook server of this course could not be started without it.",
        "Trying again will not help before it is mended. Tell your teacher.",
    ),
    "engine-down": Sentences(
        "Notebook servers cannot be started right now",
        "A part of this service does not answer. Your files are safe.",
        "This page tries again by itself. If it lasts, tell your teacher.",
    ),
    "disk-full": Sentences(
        "There is no room left on the disk",
        "Your notebook server was not started, so that no work is lost. Your files are safe.",
        "Tell your teacher: those who run this service must make room.",
    ),
    "no-memory": Sentences(
        "There is no free place at the moment",
        "The memory of this service is taken by the notebooks of others, so yours was not "
        "started. Your files are safe.",
        "Try again in some minutes. If it happens again and again, tell your teacher.",
    ),
    "lab-died": Sentences(
        "Your notebook server stopped while starting",
        "Your files are safe.",
        "Try again. If it happens twice, tell your teacher.",
    ),
    "out-of-memory": Sentences(
        "“{course}” has too little memory",
        "Your notebook server needed more than it may have while it started. Your files are safe.",
        "Trying again will not help before the course is given more. Tell your teacher.",
    ),
    "not-isolated": Sentences(
        "Notebook servers cannot be kept apart at the moment",
        "Yours would be open to others, so it was not started. Your files are safe.",
        "Tell your teacher: those who run this service must look at it.",
    ),
    "lab-slow": Sentences(
        "Your notebook server takes too long to start",
        "Many students may be starting at this moment. Your files are safe.",
        "Try again in a minute.",
    ),
    "workspace-unusable": Sentences(
        "Your files for “{course}” cannot be opened",
        "Something in your folder is in the way of this notebook. Nothing was changed.",
        "Tell your teacher.",
    ),
    "internal": Sentences(
        "Your notebook could not be opened",
        "Something went wrong on our side. Your files are safe.",
        "Try again. If it happens twice, tell your teacher.",
    ),
    "workspace-full": Sentences(
        "There is no room for “{notebook}”",
        "Your files for “{course}” take all the room that they may.",
        "Delete what you do not need, then try again. If there is nothing to delete, tell your "
        "teacher.",
    ),
    "no-room": Sentences(
        "You have no room left in “{course}”",
        "Your files take all that they may: {amount}. What you write now may not be saved.",
        "Open your files and delete what you do not need. Then open the notebook from your "
        "course again.",
    ),
    "make-room": Sentences(
        "There is no room for “{notebook}”",
        "Your files for “{course}” take all that they may: {amount}.",
        "Open your files, delete what you do not need, then try again.",
    ),
    "make-room-on-disk": Sentences(
        "There is no room for “{notebook}”",
        "The disk is full. Your files are safe, and what you have can be opened.",
        "Open your files, delete what you do not need, then try again. Tell your teacher, too.",
    ),
    "beginning": Sentences(
        "The service is starting",
        "It will be there in a few seconds.",
        "This page tries again by itself.",
    ),
    "away": Sentences(
        "The service is busy restarting",
        "Notebooks that are open go on working; new ones have to wait a moment.",
        "This page tries again by itself.",
    ),
    "drained": Sentences(
        "Notebooks are under maintenance",
        "No notebook is opened for anybody new just now; who has one open goes on. "
        "Your files are safe.",
        "You need not do anything: this page tries again by itself.",
    ),
    "drained-until": Sentences(
        "Notebooks are under maintenance",
        "No notebook is opened for anybody new just now; who has one open goes on. "
        "Your files are safe.",
        "It should be over at {back}. Come back then, or leave this page open: "
        "it tries again by itself.",
    ),
    "too-slow": Sentences(
        "Your notebook is not there yet",
        "It should have been, after a minute. Your files are safe.",
        "Try again. If it happens twice, tell your teacher.",
    ),
    "lab-gone": Sentences(
        "This notebook was closed",
        "Its server has stopped, after a rest or because a newer one was started. "
        "What you saved is kept.",
        "Go back to your course and reload its page to open it again.",
    ),
    "lab-ended": Sentences(
        "Your notebook server stopped by itself",
        "What you saved is kept; what was computed and not saved is lost.",
        "Go back to your course and reload its page to open the notebook again. "
        "If it happens twice, tell your teacher.",
    ),
    "lab-out-of-memory": Sentences(
        "Your notebook server ran out of memory",
        "It was stopped, since it needed more than it may have. What you saved is kept; "
        "what was computed and not saved is lost.",
        "Go back to your course and reload its page to open the notebook again. Work on less at "
        "a time, and close notebooks that you do not need. If that does not help, tell your "
        "teacher.",
    ),
    "lab-over-quota": Sentences(
        "Your notebook server was stopped: it wrote too much",
        "Your files take far more room than they may. None of them is lost; "
        "what was computed and not saved is.",
        "Go back to your course and reload its page. Open your files and delete what you do not "
        "need. If a program writes without end, change it before you run it again.",
    ),
    "lab-silent": Sentences(
        "Your notebook server does not answer",
        "It may be restarting. What you saved is kept.",
        "This page tries again by itself. If it stays, reload the page of your course.",
    ),
    "confirm-reset": Sentences(
        "Go back to the original?",
        "“{notebook}” becomes what your teacher published. "
        "Your version is kept beside it, under another name.",
        "",
    ),
    "confirm-undo": Sentences(
        "Undo the reset?",
        "“{notebook}” becomes again what it was before you last went back to the original. "
        "What is there now is kept beside it, under another name.",
        "",
    ),
    "confirm-stop": Sentences(
        "Stop your notebook server for “{course}”?",
        "What you saved is kept; what was computed and not saved is lost. All its open notebooks "
        "are closed.",
        "",
    ),
    "lab-stopped": Sentences(
        "Your notebook server for “{course}” is stopped",
        "What you saved is kept.",
        "Go back to your course and reload its page to start a fresh one.",
    ),
    "error": Sentences(
        "Something went wrong on our side",
        "It was written down, with the code below. Your files are safe.",
        "Reload the page. If it happens twice, tell your teacher.",
    ),
}
