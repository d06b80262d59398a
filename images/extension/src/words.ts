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
}

const en: Words = {
  menu: "Menu",
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
  },
  keys: [
    ["Shift + Enter", "run a cell and go to the next"],
    ["Ctrl + Enter", "run a cell and stay"],
    ["Esc, Enter", "leave a cell, enter it"],
    ["↑ ↓", "go from cell to cell"],
    ["A, B", "insert a cell above, below"],
    ["Ctrl + S", "save; it is done every 20 seconds too"],
    ["I, I", "stop what is running"],
  ],
};

const fr: Words = {
  menu: "Menu",
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
  },
  keys: [
    ["Maj + Entrée", "exécuter une cellule et passer à la suivante"],
    ["Ctrl + Entrée", "exécuter une cellule et y rester"],
    ["Échap, Entrée", "quitter une cellule, y entrer"],
    ["↑ ↓", "aller de cellule en cellule"],
    ["A, B", "insérer une cellule au-dessus, au-dessous"],
    ["Ctrl + S", "enregistrer ; c’est aussi fait toutes les 20 secondes"],
    ["I, I", "arrêter ce qui s’exécute"],
  ],
};

export const WORDS: Readonly<Record<Language, Words>> = { en, fr };
