// What is read in French. Pure.
import type { Words } from "./words.ts";

export const fr: Words = {
  lang: "fr",
  menu: "Menu",
  stuck: "Un blocage\u202f? Redémarrer, télécharger, signaler",
  entries: {
    save: "Enregistrer",
    download: "Télécharger",
    reset: "Revenir à l’original…",
    "undo-reset": "Annuler le retour",
    share: "Partager une version statique…",
    "student-id": "Mon identifiant…",
    restart: "Redémarrer le noyau…",
    help: "Aide",
  },
  files: "Mes fichiers",
  launcher: "Nouveau lanceur",
  palette: "Toutes les commandes…",
  saving: {
    saved: "Enregistré",
    changed: "Enregistrer",
    saving: "Enregistrement…",
    failed: "Pas enregistré\u202f! Réessayer",
  },
  code: "Code",
  text: "Texte",
  section: "Replier ou déplier ce qui suit ce titre",
  version: (version) => `version ${version}`,
  cancel: "Annuler",
  close: "Fermer",
  copy: "Copier",
  open: "Ouvrir",
  reset: "Revenir à l’original",
  resetAsk:
    "Ce notebook redevient celui du cours. Votre version est gardée à côté, et «\u00a0Annuler le retour\u00a0» la rétablit.",
  restart: "Redémarrer",
  restartAsk: "Tout ce que vos cellules ont calculé est perdu. Ce que vous avez écrit reste.",
  studentIs: "C’est sous cet identifiant qu’on vous connaît ici. Qui vous aide peut vous le demander.",
  shared: "Version statique",
  sharedIs:
    "Toute personne qui a ce lien peut lire le notebook tel qu’il est maintenant. Si vous partagez à nouveau, la nouvelle version remplace celle-ci.",
  notShared: "La version statique n’a pas pu être créée.",
  sharedBefore: "Ce que vous aviez partagé reste lisible à ce lien\u00a0:",
  withdraw: "Ne plus partager",
  withdrawAsk: "Plus personne ne pourra la lire, et son lien ne mènera plus jamais nulle part.",
  withdrawn: "Elle n’est plus partagée. Si vous partagez à nouveau, le lien sera différent.",
  notWithdrawn: "Le partage n’a pas pu être retiré. Réessayez dans un instant.",
  point: ",",
  units: ["octets", "Kio", "Mio", "Gio", "Tio"],
  newer: {
    title: "Nouvelle version dans le cours",
    take: "Prendre celle du cours",
    keep: "Garder la mienne",
    legend: "Les lignes marquées − sont dans votre version, celles marquées + dans celle du cours. Si vous prenez celle du cours, la vôtre est gardée à côté, et «\u00a0Annuler le retour\u00a0» la rétablit.",
    same: "Les deux versions sont identiques.",
    notShown: "Ce notebook est trop volumineux pour que la différence soit montrée ici.",
  },
  biggest: {
    title: "Ce qui prend le plus de place",
    files: (number) => (number < 2 ? `${number} fichier` : `${number} fichiers`),
    entries: (number) => (number < 2 ? `${number} fichier ou dossier` : `${number} fichiers et dossiers`),
    top: "(le premier dossier)",
    remove: "Supprimer",
    removeAsk: "Supprimer définitivement\u202f?",
    removed: "supprimé",
    notRemoved: "pas supprimé\u00a0: réessayez plus tard",
    unknown: "Votre serveur de notebooks ne répond pas à cette question. Ouvrez sa liste de fichiers, ou demandez à votre enseignant.",
  },
  notSaved:
    "Votre travail n’a pas pu être enregistré. Vérifiez votre connexion, puis enregistrez à nouveau.",
  notices: {
    label: "Avis",
    reconnecting:
      "Reconnexion… Ce que vous écrivez reste dans cette page, et sera enregistré dès que votre serveur de notebooks répondra.",
    ended: (reason) =>
      (reason === "idle"
        ? "Votre serveur de notebooks a été arrêté, car personne ne l’utilisait."
        : reason === "out-of-memory"
          ? "Votre serveur de notebooks a été arrêté\u00a0: il lui fallait plus de mémoire qu’il ne peut en avoir."
          : "Votre serveur de notebooks s’est arrêté.") +
      " Ce que vous avez enregistré est gardé. Retournez à votre cours et rechargez sa page pour rouvrir le notebook.",
    rescue: "Télécharger ce qui est dans cette page",
    stops: (reason) =>
      reason === "age"
        ? "Votre serveur de notebooks tourne depuis très longtemps et va bientôt être arrêté. Enregistrez votre travail\u202f; vous pourrez ensuite rouvrir le notebook."
        : "Personne ne semble travailler ici\u00a0: votre serveur de notebooks va bientôt être arrêté.",
    stay: "Continuer",
    save: "Enregistrer",
    putAway: "Fermer",
    memory: (limit, cell) =>
      `Le noyau a été arrêté\u00a0: votre serveur de notebooks a utilisé toute sa mémoire, ${limit}.` +
      (cell ? ` Il exécutait la cellule «\u00a0${cell}\u00a0».` : "") +
      " Ses variables sont perdues\u202f; ce que vous avez écrit reste.",
    processes: (limit) =>
      `Votre serveur de notebooks ne peut pas avoir plus de ${limit} processus et fils d’exécution\u00a0: un de plus n’a pas pu commencer.`,
    showCell: "Montrer la cellule",
    nearlyFull: (taken, limit) => `Vous utilisez ${taken} sur les ${limit} auxquels vous avez droit.`,
    full: (limit) =>
      `Il n’y a plus de place pour vos fichiers\u00a0: vous avez droit à ${limit}. Rien ne peut être enregistré tant que vous n’en avez pas supprimé.`,
    showBiggest: "Qu’est-ce qui prend le plus de place\u202f?",
    newer: "Le cours a une nouvelle version de ce notebook.",
    showDifference: "Voir la différence",
  },
  keys: [
    ["Maj + Entrée", "exécuter une cellule et passer à la suivante"],
    ["Ctrl + Entrée", "exécuter une cellule et y rester"],
    ["Échap, Entrée", "quitter une cellule, y entrer"],
    ["↑ ↓", "aller de cellule en cellule"],
    ["A, B", "insérer une cellule au-dessus, au-dessous"],
    ["Maj + U, Maj + D", "déplacer une cellule vers le haut, vers le bas"],
    ["Ctrl + S", "enregistrer\u202f; c’est aussi fait toutes les 20 secondes"],
    ["I, I", "arrêter ce qui s’exécute"],
    ["F8", "aller à la ligne en bas de la page, et en revenir"],
  ],
};
