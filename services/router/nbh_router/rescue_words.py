"""What students are told who get at their work without their lab."""

from typing import Literal, NamedTuple

from nbh_kit.languages import Tag
from nbh_proto.share import ShareReason

Wrong = ShareReason | Literal["not-stopped", "nothing-saved", "away"]
"""The provisioner's reasons, and the router's own."""

STATUS: dict[Wrong | None, int] = {
    None: 200,
    "notebook-unknown": 404,
    "nothing-saved": 404,
    "course-unknown": 404,
    "workspace-unusable": 422,
    "unreadable": 422,
    "too-large": 422,
    "too-slow": 422,
    "out-of-memory": 422,
    "internal": 500,
}
"""503 for all others: they pass."""


class Words(NamedTuple):
    """The page's, in one language."""

    title: str
    runs: str
    runs_not: str
    restart: str
    restart_what: str
    download: str
    download_what: str
    all: str
    all_what: str
    note: str
    """What a file is called that says what an archive lacks."""

    missing: str
    """Its first line."""

    read: str
    read_what: str
    report: str
    report_what: str
    report_words: str
    """What a field asks for."""

    reported: str
    """The report's id follows."""

    wrong: dict[Wrong, str]


_DOWNLOADED = "Download it instead."
_TELECHARGE = "Téléchargez-le plutôt."

_ENGLISH = Words(
    title="Is your notebook stuck?",
    runs="Your notebook server is running. What you saved is safe, whatever you do here.",
    runs_not="Your notebook server is not running. What you saved is safe.",
    restart="Restart my notebook server",
    restart_what="Then the notebook opens again. What was computed and not saved is lost.",
    download="Download this notebook",
    download_what="As it was last saved.",
    all="Download all my work",
    all_what="All your files of this course, as one .zip.",
    note="not-in-this-archive.txt",
    missing="These are yours and are not, or not whole, in this archive: links, what is too large "
    "for it, and what was written while it was made. Hidden files are never in it.",
    read="Go on reading",
    read_what="The notebook as it was last saved, as a page that nobody else has the link to.",
    report="Report a problem",
    report_what="You get a code to quote when you ask for help.",
    report_words="What happened? (if you like)",
    reported="It was reported. If you ask for help, quote",
    wrong={
        "not-stopped": "Your notebook server could not be stopped. Try again in a minute. If it "
        "does not help, report a problem.",
        "away": "The service is busy restarting. Try again in a moment.",
        "course-unknown": "There is no such course here any more.",
        "notebook-unknown": "Nothing was saved of this notebook.",
        "nothing-saved": "You have no files in this course yet.",
        "workspace-unusable": "This notebook is no ordinary file, so it cannot be given to you "
        "here. Restart your notebook server and look at your files.",
        "unreadable": f"No page could be made of this notebook: it is damaged. {_DOWNLOADED}",
        "too-large": "This notebook is too large for this. Restart your notebook server and clear "
        "large outputs.",
        "too-slow": f"It took too long to make a page of this notebook. {_DOWNLOADED}",
        "out-of-memory": f"It took too much memory to make a page of this notebook. {_DOWNLOADED}",
        "image-missing": f"The software of this course cannot make pages. {_DOWNLOADED}",
        "engine-down": f"A part of this service does not answer. {_DOWNLOADED}",
        "disk-full": f"There is no room left on the disk. {_DOWNLOADED}",
        "expired": "Nobody could do it in time. Try again in a minute.",
        "internal": "Something went wrong on our side. If it happens twice, report a problem.",
    },
)

_FRENCH = Words(
    title="Votre notebook est bloqué\u202f?",
    runs="Votre serveur de notebooks tourne. Ce que vous avez enregistré est à l’abri, quoi que "
    "vous fassiez ici.",
    runs_not="Votre serveur de notebooks ne tourne pas. Ce que vous avez enregistré est à l’abri.",
    restart="Redémarrer mon serveur de notebooks",
    restart_what="Le notebook s’ouvre ensuite à nouveau. Ce qui a été calculé sans être "
    "enregistré est perdu.",
    download="Télécharger ce notebook",
    download_what="Tel qu’il a été enregistré en dernier.",
    all="Télécharger tout mon travail",
    all_what="Tous vos fichiers de ce cours, en un seul .zip.",
    note="pas-dans-cette-archive.txt",
    missing="Ceci est à vous et n’est pas, ou pas en entier, dans cette archive\u00a0: les liens, "
    "ce qui est trop volumineux, et ce qui a été écrit pendant qu’elle se faisait. Les fichiers "
    "cachés n’y sont jamais.",
    read="Continuer à lire",
    read_what="Le notebook tel qu’il a été enregistré en dernier, sous forme d’une page dont "
    "personne d’autre n’a le lien.",
    report="Signaler un problème",
    report_what="Vous recevez un code à citer quand vous demandez de l’aide.",
    report_words="Que s’est-il passé\u202f? (si vous le souhaitez)",
    reported="C’est signalé. Si vous demandez de l’aide, citez",
    wrong={
        "not-stopped": "Votre serveur de notebooks n’a pas pu être arrêté. Réessayez dans une "
        "minute. Si cela n’aide pas, signalez un problème.",
        "away": "Le service redémarre. Réessayez dans un instant.",
        "course-unknown": "Ce cours n’existe plus ici.",
        "notebook-unknown": "Rien n’a été enregistré de ce notebook.",
        "nothing-saved": "Vous n’avez pas encore de fichiers dans ce cours.",
        "workspace-unusable": "Ce notebook n’est pas un fichier ordinaire, il ne peut pas vous "
        "être donné ici. Redémarrez votre serveur de notebooks et regardez vos fichiers.",
        "unreadable": "Ce notebook n’a pas pu être converti en page\u00a0: il est "
        f"abîmé. {_TELECHARGE}",
        "too-large": "Ce notebook est trop volumineux pour cela. Redémarrez votre serveur de "
        "notebooks et effacez les grosses sorties.",
        "too-slow": f"La conversion de ce notebook prend trop de temps. {_TELECHARGE}",
        "out-of-memory": f"La conversion de ce notebook prend trop de mémoire. {_TELECHARGE}",
        "image-missing": f"Les logiciels de ce cours ne savent pas faire de page. {_TELECHARGE}",
        "engine-down": f"Une partie de ce service ne répond pas. {_TELECHARGE}",
        "disk-full": f"Il n’y a plus de place sur le disque. {_TELECHARGE}",
        "expired": "Personne n’a pu s’en occuper à temps. Réessayez dans une minute.",
        "internal": "Quelque chose s’est mal passé chez nous. Si cela se reproduit, signalez un "
        "problème.",
    },
)

WORDS: dict[Tag, Words] = {"en": _ENGLISH, "fr": _FRENCH}
