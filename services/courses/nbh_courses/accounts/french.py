"""The pages about accounts in French."""

from nbh_courses.accounts.words import Words

WORDS = Words(
    sign_in="Se connecter",
    sign_in_what="Pour l’équipe et les enseignants. Les étudiants ouvrent leurs notebooks depuis "
    "leur cours.",
    name="Nom",
    password="Mot de passe",
    sign_in_button="Se connecter",
    no_tls="Cette page n’arrive pas par HTTPS, votre navigateur ne restera donc pas connecté. "
    "Prévenez la personne qui gère ce site.",
    arriving="Un instant",
    go_on="Continuer",
    signed_in_as="Vous êtes connecté sous le nom {name}",
    staff="Comme membre de l’équipe, vous voyez tous les cours et les machines.",
    teacher="Comme enseignant, vous voyez vos cours.",
    your_courses="Vos cours",
    no_courses="Vous n’avez aucun cours pour le moment. La personne qui gère ce site peut en "
    "ajouter un.",
    dashboard="Tableau de bord",
    change_password="Changer de mot de passe",
    change_what="Au moins {least} caractères. Quelques mots dont vous vous souvenez valent mieux "
    "qu’un seul que vous oubliez. Vous serez déconnecté partout ailleurs.",
    current="Mot de passe actuel",
    new="Nouveau mot de passe",
    again="Nouveau mot de passe, encore une fois",
    change_button="Changer",
    changed="Votre mot de passe est changé. Vous êtes déconnecté partout ailleurs.",
    back="Retour",
    sign_out="Se déconnecter",
    one_minute="Trop d’essais. Réessayez dans une minute.",
    wrong={
        "refused": "Ce nom et ce mot de passe ne vont pas ensemble.",
        "throttled": "Trop d’essais. Réessayez dans {minutes} minutes.",
        "busy": "Beaucoup de monde se connecte. Réessayez dans quelques secondes.",
        "away": "Le service redémarre. Réessayez dans quelques secondes.",
        "too-much": "C’est trop long.",
        "current": "Ce n’est pas votre mot de passe actuel.",
        "different": "Les deux nouveaux mots de passe ne sont pas les mêmes.",
        "short": "Le nouveau mot de passe est trop court : il lui faut au moins {least} "
        "caractères.",
        "long": "Le nouveau mot de passe est trop long.",
        "plain": "Le nouveau mot de passe est le premier que l’on essaierait. Prenez-en un autre.",
        "error": "Une erreur s’est produite de notre côté, elle est notée. Réessayez.",
    },
)
