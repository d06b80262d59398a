"""What the page says on which staff and teachers ask for a student's notebook."""

from typing import Literal, NamedTuple

from nbh_kit.languages import Tag
from nbh_proto.share import ShareReason

Wrong = ShareReason | Literal["student", "notebook", "too-much", "away"]
"""The provisioner's reasons, and what can be wrong with the form."""


class Words(NamedTuple):
    """All of one language."""

    title: str
    what: str
    course: str
    student: str
    notebook: str
    notebook_what: str
    show: str
    back: str
    not_yours: str
    wrong: dict[Wrong, str]


_ENGLISH = Words(
    title="A student's notebook",
    what="As it was last saved, as a page of its own. It is not their live notebook: you change "
    "nothing in it, and its scripts reach nothing of yours. That you looked is recorded.",
    course="Course",
    student="Student",
    notebook="Notebook",
    notebook_what="Its path in the course, like w1/intro.",
    show="Show",
    back="Back to the course",
    not_yours="This course is not yours to look at.",
    wrong={
        "student": "No student can have such a name.",
        "notebook": "No notebook can have such a name.",
        "too-much": "That is too long.",
        "away": "The service is restarting. Try again in a few seconds.",
        "course-unknown": "There is no such course.",
        "notebook-unknown": "This student has saved no such notebook.",
        "workspace-unusable": "This is no ordinary file, so it is not shown.",
        "unreadable": "No page could be made of this notebook: it is damaged.",
        "too-large": "This notebook, or its page, is too large.",
        "too-slow": "It took too long to make a page of this notebook.",
        "out-of-memory": "It took too much memory to make a page of this notebook.",
        "image-missing": "The image of this course cannot make pages of notebooks, nor can the "
        "site's.",
        "engine-down": "Containers cannot be started at the moment. Try again in a minute.",
        "disk-full": "There is no room left on the disk.",
        "expired": "Nobody could do it in time. Try again in a minute.",
        "internal": "Something went wrong on our side, and was written down. Try again.",
    },
)

_FRENCH = Words(
    title="Le notebook d’un étudiant",
    what="Tel qu’il a été enregistré en dernier, sous forme d’une page à part. Ce n’est pas son "
    "notebook vivant\N{NO-BREAK SPACE}: vous n’y changez rien, et ses scripts n’atteignent rien "
    "qui soit à vous. Votre consultation est consignée.",
    course="Cours",
    student="Étudiant",
    notebook="Notebook",
    notebook_what="Son chemin dans le cours, comme w1/intro.",
    show="Afficher",
    back="Retour au cours",
    not_yours="Ce cours n’est pas des vôtres.",
    wrong={
        "student": "Aucun étudiant ne peut s’appeler ainsi.",
        "notebook": "Aucun notebook ne peut s’appeler ainsi.",
        "too-much": "C’est trop long.",
        "away": "Le service redémarre. Réessayez dans quelques secondes.",
        "course-unknown": "Ce cours n’existe pas.",
        "notebook-unknown": "Cet étudiant n’a enregistré aucun notebook de ce nom.",
        "workspace-unusable": "Ce n’est pas un fichier ordinaire, il n’est pas affiché.",
        "unreadable": "Ce notebook n’a pas pu être converti en page\N{NO-BREAK SPACE}: il est "
        "abîmé.",
        "too-large": "Ce notebook, ou sa page, est trop volumineux.",
        "too-slow": "La conversion de ce notebook prend trop de temps.",
        "out-of-memory": "La conversion de ce notebook prend trop de mémoire.",
        "image-missing": "L’image de ce cours ne sait pas convertir les notebooks en pages, celle "
        "du site non plus.",
        "engine-down": "Aucun conteneur ne peut être démarré pour l’instant. Réessayez dans une "
        "minute.",
        "disk-full": "Il n’y a plus de place sur le disque.",
        "expired": "Personne n’a pu s’en occuper à temps. Réessayez dans une minute.",
        "internal": "Quelque chose s’est mal passé chez nous, et a été noté. Réessayez.",
    },
)

WORDS: dict[Tag, Words] = {"en": _ENGLISH, "fr": _FRENCH}

STATUS: dict[Wrong, int] = {
    "course-unknown": 404,
    "notebook-unknown": 404,
    "too-much": 413,
    "internal": 500,
    "away": 503,
    "engine-down": 503,
    "disk-full": 503,
    "expired": 503,
}
"""422 for all others."""
