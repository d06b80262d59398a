// All that people read, in English and French. Pure.
import type { Entry } from "./settings.ts";
import type { Saving } from "./saving.ts";

export type Language = "en" | "fr";

/** The one that is asked for, or the first of the browser's that we speak. */
export function languageOf(wanted: "auto" | Language, browsers: readonly string[]): Language {
  if (wanted !== "auto") return wanted;
  const spoken = browsers.map((each) => each.slice(0, 2).toLowerCase());
  return spoken.find((each): each is Language => each === "en" || each === "fr") ?? "en";
}

export interface Words {
  readonly menu: string;
  /** What a button is called that leads away from a lab that does not answer. */
  readonly stuck: string;
  readonly entries: Readonly<Record<Entry, string>>;
  readonly files: string;
  readonly launcher: string;
  readonly palette: string;
  readonly saving: Readonly<Record<Saving, string>>;
  /** What a screen reader says of a cell, and of the button that folds what is below a title. */
  readonly code: string;
  readonly text: string;
  readonly section: string;
  readonly version: (version: string) => string;
  readonly cancel: string;
  readonly close: string;
  readonly copy: string;
  readonly open: string;
  readonly reset: string;
  readonly resetAsk: string;
  readonly undo: string;
  readonly undoAsk: string;
  readonly restart: string;
  readonly restartAsk: string;
  readonly studentIs: string;
  readonly shared: string;
  readonly sharedIs: string;
  readonly notShared: string;
  readonly sharedBefore: string;
  readonly withdraw: string;
  readonly withdrawAsk: string;
  readonly withdrawn: string;
  readonly notWithdrawn: string;
  /** Bytes and what is 1024 times that, and so on. */
  readonly units: readonly string[];
  readonly newer: NewerWords;
  readonly biggest: BiggestWords;
  readonly notSaved: string;
  readonly notices: Notices;
  readonly keys: readonly (readonly [string, string])[];
}

/** What cannot wait until somebody opens the menu. */
export interface Notices {
  readonly reconnecting: string;
  readonly ended: (reason: string) => string;
  readonly rescue: string;
  readonly stops: (reason: string) => string;
  readonly stay: string;
  readonly save: string;
  readonly putAway: string;
  readonly memory: (limit: string, cell: string) => string;
  readonly processes: (limit: number) => string;
  readonly showCell: string;
  readonly nearlyFull: (taken: string, limit: string) => string;
  readonly full: (limit: string) => string;
  readonly showBiggest: string;
  readonly newer: string;
  readonly showDifference: string;
}

/** Of a new version in the course. */
export interface NewerWords {
  readonly title: string;
  readonly take: string;
  readonly keep: string;
  readonly legend: string;
  readonly same: string;
  readonly notShown: string;
}

/** Of what takes most room. */
export interface BiggestWords {
  readonly title: string;
  readonly files: (number: number) => string;
  readonly entries: (number: number) => string;
  readonly top: string;
  readonly remove: string;
  readonly removeAsk: string;
  readonly removed: string;
  readonly notRemoved: string;
  readonly unknown: string;
}

const en: Words = {
  menu: "Menu",
  stuck: "Stuck? Restart, download, report",
  entries: {
    save: "Save",
    download: "Download",
    reset: "Reset to original…",
    "undo-reset": "Undo reset…",
    share: "Share static version…",
    "student-id": "My student id…",
    restart: "Restart kernel…",
    help: "Help",
  },
  files: "My files",
  launcher: "New launcher",
  palette: "All commands…",
  saving: { saved: "Saved", changed: "Save", saving: "Saving…", failed: "Not saved! Try again" },
  code: "Code",
  text: "Text",
  section: "Fold or unfold what is below this title",
  version: (version) => `version ${version}`,
  cancel: "Cancel",
  close: "Close",
  copy: "Copy",
  open: "Open",
  reset: "Reset",
  resetAsk:
    "This notebook becomes what the course says again. Your own version is kept beside it, and “Undo reset” brings it back.",
  undo: "Undo",
  undoAsk: "Your own version comes back, as it was before the last reset.",
  restart: "Restart",
  restartAsk: "Everything that your cells have computed is forgotten. What you wrote stays.",
  studentIs: "You are known here by this id. Who helps you may ask for it.",
  shared: "Static version",
  sharedIs:
    "Whoever has this link can read the notebook as it is now. Sharing again replaces what is there.",
  notShared: "The static version could not be made.",
  sharedBefore: "What you shared before can still be read at this link:",
  withdraw: "Withdraw",
  withdrawAsk: "Nobody can read it any more, and its link never leads anywhere again.",
  withdrawn: "It is withdrawn. Sharing again makes another link.",
  notWithdrawn: "It could not be withdrawn. Try again in a moment.",
  units: ["bytes", "KiB", "MiB", "GiB", "TiB"],
  newer: {
    title: "New version in the course",
    take: "Take the course’s version",
    keep: "Keep mine",
    legend: "Lines with − are in your version, lines with + in the course’s. If you take the course’s, yours is kept beside it, and “Undo reset” brings it back.",
    same: "Both say the same.",
    notShown: "This notebook is too large for its difference to be shown here.",
  },
  biggest: {
    title: "What takes most room",
    files: (number) => `${number} files`,
    entries: (number) => `${number} files and folders`,
    top: "(the first folder)",
    remove: "Delete",
    removeAsk: "Delete for good?",
    removed: "deleted",
    notRemoved: "not deleted: try again later",
    unknown: "Your notebook server does not tell. Open its list of files, or ask your teacher.",
  },
  notSaved: "Your work could not be saved. Check your connection, then save again.",
  notices: {
    reconnecting:
      "Reconnecting… What you write stays in this page and is saved once your notebook server answers.",
    ended: (reason) =>
      (reason === "idle"
        ? "Your notebook server was stopped, since nobody used it."
        : reason === "out-of-memory"
          ? "Your notebook server was stopped: it needed more memory than it may have."
          : "Your notebook server has stopped.") +
      " What you saved is kept. Go back to your course and reload its page to open the notebook again.",
    rescue: "Download what is in this page",
    stops: (reason) =>
      reason === "age"
        ? "Your notebook server has run for very long and is stopped soon. Save your work; then it can be opened again."
        : "Nobody seems to work here, so your notebook server is stopped soon.",
    stay: "Stay",
    save: "Save",
    putAway: "Close",
    memory: (limit, cell) =>
      `The kernel was stopped: your notebook server has used all of its memory, ${limit}.` +
      (cell ? ` It was running the cell “${cell}”.` : "") +
      " Its variables are lost; what you wrote stays.",
    processes: (limit) =>
      `Your notebook server may not have more than ${limit} processes and threads: one more could not begin.`,
    showCell: "Show the cell",
    nearlyFull: (taken, limit) => `Your files take ${taken}; they may take ${limit}.`,
    full: (limit) =>
      `There is no room left for your files: they may take ${limit}. Nothing can be saved until you delete some.`,
    showBiggest: "What takes most room?",
    newer: "The course has a new version of this notebook.",
    showDifference: "See the difference",
  },
  keys: [
    ["Shift + Enter", "run a cell and go to the next"],
    ["Ctrl + Enter", "run a cell and stay"],
    ["Esc, Enter", "leave a cell, enter it"],
    ["↑ ↓", "go from cell to cell"],
    ["A, B", "insert a cell above, below"],
    ["Shift + U, Shift + D", "move a cell up, down"],
    ["Ctrl + S", "save; it is done every 20 seconds too"],
    ["I, I", "stop what is running"],
  ],
};

const fr: Words = {
  menu: "Menu",
  stuck: "Bloqué\u00a0? Redémarrer, télécharger, signaler",
  entries: {
    save: "Enregistrer",
    download: "Télécharger",
    reset: "Revenir à l’original…",
    "undo-reset": "Annuler le retour…",
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
  undo: "Ramener ma version",
  undoAsk: "Votre version revient, telle qu’elle était avant le dernier retour à l’original.",
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

export const WORDS: Readonly<Record<Language, Words>> = { en, fr };
