// What is read in English. Pure.
import type { Words } from "./words.ts";

export const en: Words = {
  lang: "en",
  menu: "Menu",
  stuck: "Stuck? Restart, download, report",
  entries: {
    save: "Save",
    download: "Download",
    reset: "Reset to original…",
    "undo-reset": "Undo reset",
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
  point: ".",
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
    files: (number) => (number === 1 ? "1 file" : `${number} files`),
    entries: (number) => (number === 1 ? "1 file or folder" : `${number} files and folders`),
    top: "(the first folder)",
    remove: "Delete",
    removeAsk: "Delete for good?",
    removed: "deleted",
    notRemoved: "not deleted: try again later",
    unknown: "Your notebook server does not tell. Open its list of files, or ask your teacher.",
  },
  notSaved: "Your work could not be saved. Check your connection, then save again.",
  notices: {
    label: "Notice",
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
    ["F8", "go to the line at the foot of the page, and back"],
  ],
};
