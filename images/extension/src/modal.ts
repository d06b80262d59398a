// What Jupyter's dialogs lack for people who have a keyboard alone, or hear what is on a page.

const REACHED = 'a[href], button, input, select, textarea, [tabindex="0"]';

/** Before the dialog is shown: then its keys are heard here first. */
export function complete(dialog: HTMLElement, title: string, lang: string): void {
  dialog.lang = lang;
  // who presses on its text is in it still, so that its keys are heard
  dialog.tabIndex = -1;
  if (!dialog.hasAttribute("aria-label")) dialog.setAttribute("aria-label", title);
  const said = dialog.querySelector(".jp-Dialog-body p");
  if (said !== null) {
    said.id = "nbh-said";
    dialog.setAttribute("aria-describedby", said.id);
  }
  dialog.addEventListener("keydown", (event) => goRound(dialog, event), true);
}

/** Tab goes round in it, either way. Jupyter's goes from the last to what was the first at the beginning, and never from the first to the last. */
function goRound(dialog: HTMLElement, event: KeyboardEvent): void {
  if (event.key !== "Tab") return;
  const all = [...dialog.querySelectorAll<HTMLElement>(REACHED)];
  const [first, last] = [all[0], all.at(-1)];
  const now = document.activeElement;
  const leaves = event.shiftKey ? now === first || now === dialog : now === last;
  if (!leaves) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  (event.shiftKey ? last : first)?.focus();
}
