// What is read in French. Pure.
import type { Words } from "./words.ts";

export const fr: Words = {
  menu: "Menu",
  stuck: "Bloqué\u00a0? Redémarrer, télécharger, signaler",
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
    failed: "Pas enregistré ! Réessayer",
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
    "Ce notebook redevient celui du cours. Votre version est gardée à côté, et « Annuler le retour » la ramène.",
  restart: "Redémarrer",
  restartAsk: "Tout ce que vos cellules ont calculé est oublié. Ce que vous avez écrit reste.",
  studentIs: "Vous êtes connu ici sous cet identifiant. On peut vous le demander si on vous aide.",
  shared: "Version statique",
  sharedIs:
    "Qui a ce lien peut lire le notebook tel qu’il est maintenant. Partager à nouveau remplace ce qui s’y trouve.",
  notShared: "La version statique n’a pas pu être faite.",
  sharedBefore: "Ce que vous aviez partagé se lit toujours à ce lien :",
  withdraw: "Ne plus partager",
  withdrawAsk: "Plus personne ne pourra la lire, et son lien ne mènera plus jamais nulle part.",
  withdrawn: "Elle n’est plus partagée. Partager à nouveau fera un autre lien.",
  notWithdrawn: "Le partage n’a pas pu être retiré. Réessayez dans un instant.",
  units: ["octets", "Kio", "Mio", "Gio", "Tio"],
  newer: {
    title: "Nouvelle version dans le cours",
    take: "Prendre celle du cours",
    keep: "Garder la mienne",
    legend: "Les lignes avec − sont dans votre version, celles avec + dans celle du cours. Si vous prenez celle du cours, la vôtre est gardée à côté, et « Annuler le retour » la ramène.",
    same: "Les deux disent la même chose.",
    notShown: "Ce notebook est trop volumineux pour que la différence soit montrée ici.",
  },
  biggest: {
    title: "Ce qui prend le plus de place",
    files: (number) => `${number} fichiers`,
    entries: (number) => `${number} fichiers et dossiers`,
    top: "(le premier dossier)",
    remove: "Supprimer",
    removeAsk: "Supprimer définitivement ?",
    removed: "supprimé",
    notRemoved: "pas supprimé : réessayez plus tard",
    unknown: "Votre serveur de notebooks ne le dit pas. Ouvrez sa liste de fichiers, ou demandez à votre enseignant.",
  },
  notSaved:
    "Votre travail n’a pas pu être enregistré. Vérifiez votre connexion, puis enregistrez à nouveau.",
  notices: {
    reconnecting:
      "Reconnexion… Ce que vous écrivez reste dans cette page, et sera enregistré dès que votre serveur de notebooks répondra.",
    ended: (reason) =>
      (reason === "idle"
        ? "Votre serveur de notebooks a été arrêté, car personne ne l’utilisait."
        : reason === "out-of-memory"
          ? "Votre serveur de notebooks a été arrêté : il lui fallait plus de mémoire que permis."
          : "Votre serveur de notebooks s’est arrêté.") +
      " Ce que vous avez enregistré est gardé. Retournez à votre cours et rechargez sa page pour rouvrir le notebook.",
    rescue: "Télécharger ce qui est dans cette page",
    stops: (reason) =>
      reason === "age"
        ? "Votre serveur de notebooks tourne depuis très longtemps et va être arrêté. Enregistrez votre travail ; il pourra être rouvert ensuite."
        : "Personne ne semble travailler ici : votre serveur de notebooks va être arrêté.",
    stay: "Rester",
    save: "Enregistrer",
    putAway: "Fermer",
    memory: (limit, cell) =>
      `Le noyau a été arrêté : votre serveur de notebooks a utilisé toute sa mémoire, ${limit}.` +
      (cell ? ` Il exécutait la cellule « ${cell} ».` : "") +
      " Ses variables sont perdues ; ce que vous avez écrit reste.",
    processes: (limit) =>
      `Votre serveur de notebooks ne peut pas avoir plus de ${limit} processus et fils d’exécution : un de plus n’a pas pu commencer.`,
    showCell: "Montrer la cellule",
    nearlyFull: (taken, limit) => `Vos fichiers prennent ${taken} ; ils peuvent prendre ${limit}.`,
    full: (limit) =>
      `Il n’y a plus de place pour vos fichiers : ils peuvent prendre ${limit}. Rien ne peut être enregistré tant que vous n’en supprimez pas.`,
    showBiggest: "Qu’est-ce qui prend de la place ?",
    newer: "Le cours a une nouvelle version de ce notebook.",
    showDifference: "Voir la différence",
  },
  keys: [
    ["Maj + Entrée", "exécuter une cellule et passer à la suivante"],
    ["Ctrl + Entrée", "exécuter une cellule et y rester"],
    ["Échap, Entrée", "quitter une cellule, y entrer"],
    ["↑ ↓", "aller de cellule en cellule"],
    ["A, B", "insérer une cellule au-dessus, au-dessous"],
    ["Maj + U, Maj + D", "monter, descendre une cellule"],
    ["Ctrl + S", "enregistrer ; c’est aussi fait toutes les 20 secondes"],
    ["I, I", "arrêter ce qui s’exécute"],
  ],
};
