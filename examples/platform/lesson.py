"""What the lesson says, in two languages, and who takes it."""

from typing import NamedTuple

STUDENTS = {"ada": "Ada", "emile": "Émile"}


class Lesson(NamedTuple):
    """One language of the lesson."""

    name: str
    notebooks: tuple[tuple[str, str], tuple[str, str]]
    """(path in the course, title) of each frame."""

    words: dict[str, str]


LESSONS = {
    "en": Lesson(
        "English",
        (
            ("en/1-the-length-of-the-day", "The length of the day"),
            ("en/2-some-cities", "Some cities"),
        ),
        {
            "course": "Astronomy for everyone",
            "title": "Why do days grow longer?",
            "week": "Week 1",
            "you": "You are",
            "intro": "In June it is light until late; in December the lamps are lit at four. "
            "In this lesson you compute how long the day is, anywhere on Earth, on any date.",
            "one": "1 · Observe",
            "one_text": "Run each cell with Shift + Enter. Then complete the function at the "
            "end: the last cell tells you whether it is right. What you write is yours, and "
            "still there when you come back.",
            "two": "2 · Compare",
            "two_text": "The same computation for fifteen cities, from Tromsø to Ushuaia.",
            "again": "Start over",
            "sure": "Put the teacher's notebook in place of yours? Yours is kept beside it.",
            "alone": "In a tab of its own",
            "about": "About this page",
            "about_text": "This page is a learning platform of a hundred lines. It knows who "
            "you are; the notebooks come from another site and know only what this page "
            "vouches for, by a signed link. No cookie, no account. Choose the other student "
            "above: their notebooks are their own.",
        },
    ),
    "fr": Lesson(
        "Français",
        (
            ("fr/1-la-duree-du-jour", "La durée du jour"),
            ("fr/2-quelques-villes", "Quelques villes"),
        ),
        {
            "course": "L'astronomie pour tous",
            "title": "Pourquoi les jours rallongent-ils ?",
            "week": "Semaine 1",
            "you": "Vous êtes",
            "intro": "En juin il fait jour jusque tard ; en décembre on allume à quatre "
            "heures. Dans cette leçon vous calculez la durée du jour, partout sur Terre et à "
            "toute date.",
            "one": "1 · Observer",
            "one_text": "Exécutez chaque cellule avec Maj + Entrée. Complétez ensuite la "
            "fonction, à la fin : la dernière cellule dit si c'est juste. Ce que vous écrivez "
            "est à vous, et vous le retrouverez en revenant.",
            "two": "2 · Comparer",
            "two_text": "Le même calcul pour quinze villes, de Tromsø à Ushuaia.",
            "again": "Recommencer",
            "sure": "Remettre le notebook de l'enseignant à la place du vôtre ? Le vôtre est "
            "gardé à côté.",
            "alone": "Dans son propre onglet",
            "about": "À propos de cette page",
            "about_text": "Cette page est une plateforme de cent lignes. Elle sait qui vous "
            "êtes ; les notebooks viennent d'un autre site, et n'en savent que ce qu'elle "
            "garantit par un lien signé. Pas de cookie, pas de compte. Choisissez l'autre "
            "élève en haut : ses notebooks sont à lui.",
        },
    ),
}
