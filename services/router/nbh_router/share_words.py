"""What students are told whose notebook was not shared: a sentence and an advice, as text."""

from typing import Literal

from nbh_kit.languages import Tag
from nbh_proto.share import ShareReason

Why = ShareReason | Literal["refused", "no-such-page", "not-shared", "away"]
"""The provisioner's reasons, and the router's own."""

_ENGLISH: dict[Why, str] = {
    "refused": "This page may not do that for this notebook. Reload the page of your course.",
    "no-such-page": "There is nothing at this address.",
    "not-shared": "This notebook is not shared.",
    "away": "The service is busy restarting. Try again in a moment.",
    "course-unknown": "There is no such course here. Tell your teacher.",
    "notebook-unknown": "You have no such notebook. Save it first, then share it.",
    "workspace-unusable": "This notebook is no ordinary file, so it was not shared.",
    "unreadable": "No page could be made of this notebook. Save it and try again.",
    "too-large": "This notebook is too large to be shared. Clear large outputs, save and try "
    "again.",
    "too-slow": "It took too long to make a page of this notebook. Clear large outputs, save and "
    "try again.",
    "out-of-memory": "It took too much memory to make a page of this notebook. Clear large "
    "outputs, save and try again.",
    "image-missing": "The software of this course cannot make pages of notebooks. Tell your "
    "teacher.",
    "engine-down": "A part of this service does not answer. Try again in a minute.",
    "disk-full": "There is no room left on the disk. Tell your teacher.",
    "expired": "Nobody could do it in time. Try again in a minute.",
    "internal": "Something went wrong on our side. If it happens twice, tell your teacher.",
}

_FRENCH: dict[Why, str] = {
    "refused": "Cette page ne peut pas faire cela pour ce notebook. Rechargez la page de votre "
    "cours.",
    "no-such-page": "Il n’y a rien à cette adresse.",
    "not-shared": "Ce notebook n’est pas partagé.",
    "away": "Le service redémarre. Réessayez dans un instant.",
    "course-unknown": "Ce cours n’existe pas ici. Prévenez votre enseignant.",
    "notebook-unknown": "Vous n’avez pas ce notebook. Enregistrez-le d’abord, puis partagez-le.",
    "workspace-unusable": "Ce notebook n’est pas un fichier ordinaire, il n’a pas été partagé.",
    "unreadable": "Ce notebook n’a pas pu être converti en page. Enregistrez-le et réessayez.",
    "too-large": "Ce notebook est trop volumineux pour être partagé. Effacez les grosses sorties, "
    "enregistrez et réessayez.",
    "too-slow": "La conversion de ce notebook prend trop de temps. Effacez les grosses sorties, "
    "enregistrez et réessayez.",
    "out-of-memory": "La conversion de ce notebook prend trop de mémoire. Effacez les grosses "
    "sorties, enregistrez et réessayez.",
    "image-missing": "Le logiciel de ce cours ne sait pas convertir les notebooks. Prévenez votre "
    "enseignant.",
    "engine-down": "Une partie de ce service ne répond pas. Réessayez dans une minute.",
    "disk-full": "Il n’y a plus de place sur le disque. Prévenez votre enseignant.",
    "expired": "Personne n’a pu s’en occuper à temps. Réessayez dans une minute.",
    "internal": "Quelque chose s’est mal passé chez nous. Si cela se reproduit, prévenez votre "
    "enseignant.",
}

SAID: dict[Tag, dict[Why, str]] = {"en": _ENGLISH, "fr": _FRENCH}

STATUS: dict[Why, int] = {
    "refused": 403,
    "no-such-page": 404,
    "not-shared": 404,
    "notebook-unknown": 404,
    "course-unknown": 404,
    "workspace-unusable": 422,
    "unreadable": 422,
    "too-large": 422,
    "too-slow": 422,
    "out-of-memory": 422,
    "internal": 500,
}
"""503 for all others: they pass."""
