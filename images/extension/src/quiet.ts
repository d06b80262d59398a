// A page in a platform's frame takes no focus, and does not move the platform's page, before somebody
// comes to it. Jupyter gives its notebook the focus as soon as it is there; a browser then scrolls the
// page around the frame, and a page with several notebooks jumps to whichever was last.

/** How somebody comes: they press or type, or the frame is given the focus from outside. */
const COMING = ["pointerdown", "keydown", "focus"] as const;

const ACTIVE = ".jp-Notebook .jp-Cell.jp-mod-active";

/** From now on; ends by itself. Outside a frame, and where somebody is already, nothing is done. */
export function keepQuiet(): void {
  if (window.parent === window || document.hasFocus()) return;
  const [elements, all] = [HTMLElement.prototype, Element.prototype];
  const { focus } = elements;
  const { scrollIntoView } = all;
  elements.focus = () => undefined;
  all.scrollIntoView = () => undefined;
  const comes = () => {
    for (const each of COMING) window.removeEventListener(each, comes, true);
    elements.focus = focus;
    all.scrollIntoView = scrollIntoView;
    // who was led here by a keyboard goes on where Jupyter would have put them
    if (document.activeElement === document.body) toActiveCell();
  };
  for (const each of COMING) window.addEventListener(each, comes, true);
}

/** Gives the focus to the cell that keys are meant for. */
export function toActiveCell(): void {
  document.querySelector<HTMLElement>(ACTIVE)?.focus({ preventScroll: true });
}
