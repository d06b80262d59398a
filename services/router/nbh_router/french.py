"""What our pages say in French."""

from nbh_router.words import Amounts, Buttons, Kind, Progress, Sentences

BUTTONS = Buttons(
    again="Réessayer",
    reset="Revenir à l’original",
    undo="Annuler le retour",
    stop="Arrêter mon serveur de notebooks",
    keep="Ouvrir ma version",
    files="Ouvrir mes fichiers",
    notebook="Ouvrir le notebook",
    rescue="Accéder à mon travail",
    quote="Si vous demandez de l’aide, citez",
)

AMOUNTS = Amounts(
    bytes="{taken} sur {limit}",
    files="{taken} fichiers sur {limit}",
    units=("o", "Kio", "Mio", "Gio", "Tio"),
    point=",",
)

PROGRESS = Progress(
    title="Votre notebook arrive",
    asked="Recherche de votre serveur de notebooks",
    queued="En attente d’une place libre",
    one_before="1 étudiant avant vous",
    some_before="{n} étudiants avant vous",
    copying="Préparation de vos fichiers",
    starting="Démarrage de votre serveur de notebooks",
    booting="Jupyter démarre",
    ready="Ouverture de votre notebook",
    away="Le service redémarre. Votre place est gardée, cette page continue d’elle-même.",
    patience="C’est plus long que d’habitude. Restez sur cette page, elle continue d’elle-même.",
)

SENTENCES: dict[Kind, Sentences] = {
    "refused": Sentences(
        "Ce notebook ne peut pas être ouvert d’ici",
        "Votre cours ne vous a pas donné accès, ou cet accès a expiré.",
        "Retournez à votre cours et rechargez sa page. Si cette page revient, "
        "prévenez votre enseignant.",
    ),
    "no-such-page": Sentences(
        "Il n’y a rien à cette adresse",
        "Cette adresse n’est pas celle d’un notebook.",
        "Vérifiez l’adresse, ou ouvrez le notebook depuis votre cours.",
    ),
    "course-unknown": Sentences(
        "Il n’y a pas de cours «\u00a0{course}\u00a0» ici",
        "La page d’où vous venez demande un cours que ce service n’a pas.",
        "Prévenez votre enseignant\u00a0: le nom dans le lien est faux, "
        "ou le cours n’est pas encore publié.",
    ),
    "course-unreadable": Sentences(
        "Le cours «\u00a0{course}\u00a0» n’est pas prêt",
        "Ses fichiers n’ont pas pu être lus, ou ne sont pas encore publiés.",
        "Réessayez dans une minute. Si cela n’aide pas, prévenez votre enseignant.",
    ),
    "notebook-unknown": Sentences(
        "Le notebook «\u00a0{notebook}\u00a0» n’existe pas",
        "Il n’est ni dans le cours «\u00a0{course}\u00a0» ni parmi vos fichiers.",
        "Prévenez votre enseignant\u00a0: le lien est peut-être plus ancien ou plus récent "
        "que le cours.",
    ),
    "expired": Sentences(
        "Votre notebook n’a pas pu être ouvert à temps",
        "Le service était trop chargé, ou arrêté un moment. Vos fichiers sont intacts.",
        "Réessayez. Si vous revenez ici, attendez quelques minutes.",
    ),
    "image-missing": Sentences(
        "Les logiciels de «\u00a0{course}\u00a0» ne sont pas installés",
        "Sans eux, le serveur de notebooks de ce cours ne peut pas démarrer.",
        "Réessayer n’aidera pas tant que ce n’est pas réparé. Prévenez votre enseignant.",
    ),
    "engine-down": Sentences(
        "Aucun serveur de notebooks ne peut démarrer en ce moment",
        "Une partie de ce service ne répond pas. Vos fichiers sont intacts.",
        "Cette page réessaie d’elle-même. Si cela dure, prévenez votre enseignant.",
    ),
    "disk-full": Sentences(
        "Il n’y a plus de place sur le disque",
        "Votre serveur n’a pas été démarré, pour ne perdre aucun travail. "
        "Vos fichiers sont intacts.",
        "Prévenez votre enseignant\u00a0: ceux qui gèrent ce service doivent faire de la place.",
    ),
    "no-memory": Sentences(
        "Il n’y a pas de place libre en ce moment",
        "La mémoire de ce service est prise par les notebooks d’autres personnes, le vôtre n’a "
        "donc pas démarré. Vos fichiers sont intacts.",
        "Réessayez dans quelques minutes. Si cela se reproduit encore et encore, prévenez votre "
        "enseignant.",
    ),
    "lab-died": Sentences(
        "Votre serveur de notebooks s’est arrêté en démarrant",
        "Vos fichiers sont intacts.",
        "Réessayez. Si cela se reproduit, prévenez votre enseignant.",
    ),
    "out-of-memory": Sentences(
        "«\u00a0{course}\u00a0» a trop peu de mémoire",
        "Votre serveur de notebooks en a demandé plus qu’il ne peut avoir en démarrant. "
        "Vos fichiers sont intacts.",
        "Réessayer n’aidera pas tant que le cours n’en aura pas plus. Prévenez votre enseignant.",
    ),
    "not-isolated": Sentences(
        "Les serveurs de notebooks ne peuvent pas être isolés en ce moment",
        "Le vôtre serait ouvert aux autres, il n’a donc pas démarré. Vos fichiers sont intacts.",
        "Prévenez votre enseignant\u00a0: ceux qui gèrent ce service doivent s’en occuper.",
    ),
    "lab-slow": Sentences(
        "Votre serveur de notebooks met trop de temps à démarrer",
        "Beaucoup d’étudiants démarrent peut-être en ce moment. Vos fichiers sont intacts.",
        "Réessayez dans une minute.",
    ),
    "workspace-unusable": Sentences(
        "Vos fichiers pour «\u00a0{course}\u00a0» ne peuvent pas être ouverts",
        "Quelque chose dans votre dossier empêche d’ouvrir ce notebook. Rien n’a été modifié.",
        "Prévenez votre enseignant.",
    ),
    "internal": Sentences(
        "Votre notebook n’a pas pu être ouvert",
        "Quelque chose s’est mal passé de notre côté. Vos fichiers sont intacts.",
        "Réessayez. Si cela se reproduit, prévenez votre enseignant.",
    ),
    "workspace-full": Sentences(
        "Il n’y a pas de place pour «\u00a0{notebook}\u00a0»",
        "Vos fichiers pour «\u00a0{course}\u00a0» prennent toute la place à laquelle ils ont "
        "droit.",
        "Supprimez ce qui ne vous sert pas, puis réessayez. S’il n’y a rien à supprimer, prévenez "
        "votre enseignant.",
    ),
    "no-room": Sentences(
        "Vous n’avez plus de place dans «\u00a0{course}\u00a0»",
        "Vos fichiers prennent toute la place à laquelle ils ont droit\u00a0: {amount}. "
        "Ce que vous écrivez maintenant pourrait ne pas être enregistré.",
        "Ouvrez vos fichiers et supprimez ce qui ne vous sert pas. Ensuite, rouvrez le notebook "
        "depuis votre cours.",
    ),
    "make-room": Sentences(
        "Il n’y a pas de place pour «\u00a0{notebook}\u00a0»",
        "Vos fichiers pour «\u00a0{course}\u00a0» prennent toute la place à laquelle ils ont "
        "droit\u00a0: {amount}.",
        "Ouvrez vos fichiers, supprimez ce qui ne vous sert pas, puis réessayez.",
    ),
    "make-room-on-disk": Sentences(
        "Il n’y a pas de place pour «\u00a0{notebook}\u00a0»",
        "Le disque est plein. Vos fichiers sont intacts, et ce que vous avez peut être ouvert.",
        "Ouvrez vos fichiers, supprimez ce qui ne vous sert pas, puis réessayez. "
        "Prévenez aussi votre enseignant.",
    ),
    "beginning": Sentences(
        "Le service démarre",
        "Il sera là dans quelques secondes.",
        "Cette page réessaie d’elle-même.",
    ),
    "away": Sentences(
        "Le service redémarre",
        "Les notebooks ouverts continuent\u202f; les nouveaux doivent attendre un instant.",
        "Cette page réessaie d’elle-même.",
    ),
    "drained": Sentences(
        "Les notebooks sont en maintenance",
        "Aucun notebook ne s’ouvre pour qui arrive maintenant\u202f; ceux qui sont ouverts "
        "continuent. Vos fichiers sont intacts.",
        "Vous n’avez rien à faire\u00a0: cette page réessaie d’elle-même.",
    ),
    "drained-until": Sentences(
        "Les notebooks sont en maintenance",
        "Aucun notebook ne s’ouvre pour qui arrive maintenant\u202f; ceux qui sont ouverts "
        "continuent. Vos fichiers sont intacts.",
        "Ce devrait être fini à {back}. Revenez alors, ou laissez cette page ouverte\u00a0: "
        "elle réessaie d’elle-même.",
    ),
    "too-slow": Sentences(
        "Votre notebook n’est pas encore là",
        "Il aurait dû l’être au bout d’une minute. Vos fichiers sont intacts.",
        "Réessayez. Si cela se reproduit, prévenez votre enseignant.",
    ),
    "lab-gone": Sentences(
        "Ce notebook a été fermé",
        "Son serveur s’est arrêté, après un repos ou parce qu’un plus récent a démarré. "
        "Ce que vous avez enregistré est gardé.",
        "Retournez à votre cours et rechargez sa page pour le rouvrir.",
    ),
    "lab-ended": Sentences(
        "Votre serveur de notebooks s’est arrêté de lui-même",
        "Ce que vous avez enregistré est gardé\u202f; ce qui était calculé sans être enregistré "
        "est perdu.",
        "Retournez à votre cours et rechargez sa page pour rouvrir le notebook. "
        "Si cela se reproduit, prévenez votre enseignant.",
    ),
    "lab-out-of-memory": Sentences(
        "Votre serveur de notebooks a manqué de mémoire",
        "Il a été arrêté, car il en a demandé plus qu’il ne peut avoir. Ce que vous avez "
        "enregistré est gardé\u202f; ce qui était calculé sans être enregistré est perdu.",
        "Retournez à votre cours et rechargez sa page pour rouvrir le notebook. Travaillez sur "
        "moins de données à la fois, et fermez les notebooks inutiles. Si cela ne suffit pas, "
        "prévenez votre enseignant.",
    ),
    "lab-over-quota": Sentences(
        "Votre serveur de notebooks a été arrêté\u00a0: il a trop écrit",
        "Vos fichiers prennent bien plus de place qu’ils ne devraient. Aucun n’est perdu\u202f; "
        "ce qui a été calculé sans être enregistré l’est.",
        "Retournez à votre cours et rechargez sa page. Ouvrez vos fichiers et supprimez ce qui ne "
        "vous sert pas. Si un programme écrit sans fin, corrigez-le avant de le relancer.",
    ),
    "lab-silent": Sentences(
        "Votre serveur de notebooks ne répond pas",
        "Il redémarre peut-être. Ce que vous avez enregistré est gardé.",
        "Cette page réessaie d’elle-même. Si elle reste, rechargez la page de votre cours.",
    ),
    "confirm-reset": Sentences(
        "Revenir à l’original\u202f?",
        "«\u00a0{notebook}\u00a0» redevient ce que votre enseignant a publié. "
        "Votre version est gardée à côté, sous un autre nom.",
        "",
    ),
    "confirm-undo": Sentences(
        "Annuler le retour à l’original\u202f?",
        "«\u00a0{notebook}\u00a0» redevient ce qu’il était avant votre dernier retour à "
        "l’original. La version actuelle est gardée à côté, sous un autre nom.",
        "",
    ),
    "confirm-stop": Sentences(
        "Arrêter votre serveur de notebooks pour «\u00a0{course}\u00a0»\u202f?",
        "Ce que vous avez enregistré est gardé\u202f; ce qui a été calculé sans être enregistré "
        "est perdu. Tous ses notebooks ouverts sont fermés.",
        "",
    ),
    "lab-stopped": Sentences(
        "Votre serveur de notebooks pour «\u00a0{course}\u00a0» est arrêté",
        "Ce que vous avez enregistré est gardé.",
        "Revenez à votre cours et rechargez sa page pour en démarrer un nouveau.",
    ),
    "error": Sentences(
        "Quelque chose s’est mal passé de notre côté",
        "C’est noté, avec le code ci-dessous. Vos fichiers sont intacts.",
        "Rechargez la page. Si cela se reproduit, prévenez votre enseignant.",
    ),
}
