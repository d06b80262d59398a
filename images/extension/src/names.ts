// Names for what Jupyter leaves without one, so that a screen reader can say what it is (WCAG 4.1.2).
import type { Words } from "./words.ts";

/** Gives names in this part of the page, to what is there and to what comes. */
export function give(where: HTMLElement, words: () => Words): void {
  let waits = false;
  const all = () => {
    waits = false;
    name(where, words());
  };
  new MutationObserver(() => {
    if (!waits) requestAnimationFrame(all);
    waits = true;
  }).observe(where, { childList: true, subtree: true });
  all();
}

function name(where: HTMLElement, words: Words): void {
  label(where, ".jp-CodeCell .cm-content", words.code);
  label(where, ".jp-MarkdownCell .cm-content, .jp-RawCell .cm-content", words.text);
  label(where, ".jp-collapseHeadingButton", words.section);
  // a feed has articles (WAI-ARIA 1.2), and Jupyter says that cells are one
  for (const cell of where.querySelectorAll('[role="feed"] > .jp-Cell:not([role])')) {
    cell.setAttribute("role", "article");
  }
}

function label(where: HTMLElement, selector: string, text: string): void {
  for (const each of where.querySelectorAll(selector)) {
    if (!each.hasAttribute("aria-label")) each.setAttribute("aria-label", text);
  }
}
