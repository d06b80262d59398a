// The line above a notebook: what it is called, whether it is saved, and the menu.
import { Menu, Widget } from "@lumino/widgets";
import type { Saving } from "./saving.ts";
import type { Words } from "./words.ts";

export class Header extends Widget {
  private readonly title_ = element("h1", "nbh-Title");
  private readonly version = element("span", "nbh-Version");
  private readonly stuck = element("button", "nbh-Stuck");
  private readonly save = element("button", "nbh-Save");
  private readonly opener = element("button", "nbh-Opener");
  /** Read aloud; what is only seen changes too often for that. */
  private readonly spoken = element("span", "nbh-Spoken");
  private saving: Saving = "saved";

  constructor(
    private words: Words,
    private readonly menu: Menu,
    save: () => void,
    stuck: (() => void) | null,
  ) {
    super();
    this.id = "nbh-header";
    this.addClass("nbh-Header");
    this.node.append(this.title_, this.version, this.spoken, this.stuck, this.save, this.opener);
    this.spoken.setAttribute("role", "status");
    this.title_.lang = ""; // nobody says in which language a notebook is
    this.opener.setAttribute("aria-haspopup", "menu");
    this.save.disabled = this.opener.disabled = true;
    this.save.addEventListener("click", save);
    // also while no notebook is there, or never will be
    this.stuck.textContent = "?";
    this.stuck.hidden = stuck === null;
    this.stuck.addEventListener("click", () => stuck?.());
    this.opener.addEventListener("click", () => this.open());
    menu.aboutToClose.connect(() => this.closes());
    // Lumino gives it the focus after its first entry
    menu.node.addEventListener("focus", () => this.toActiveEntry());
    this.speak(words);
  }

  /** Speaks another language from now on. */
  speak(words: Words): void {
    this.words = words;
    this.node.lang = this.menu.node.lang = words.lang;
    this.menu.contentNode.setAttribute("aria-label", words.menu);
    this.opener.textContent = words.menu;
    this.stuck.title = words.stuck;
    this.stuck.setAttribute("aria-label", words.stuck);
    this.menu.title.label = words.menu;
    this.opener.setAttribute("aria-expanded", "false");
    this.shows(this.saving);
  }

  /** The notebook is there, and called so. */
  names(title: string, version: string): void {
    this.save.disabled = this.opener.disabled = false;
    this.title_.textContent = this.title_.title = title;
    this.version.textContent = version && this.words.version(version);
  }

  shows(saving: Saving): void {
    this.saving = saving;
    this.save.dataset.is = saving;
    this.save.textContent = this.words.saving[saving];
    this.spoken.textContent = saving === "failed" ? this.words.notSaved : "";
  }

  hasMenu(is: boolean): void {
    this.opener.hidden = !is;
  }

  /** Whoever leaves the menu is where they were, before what they took does anything: a dialog gives the focus back to where it found it. */
  private closes(): void {
    this.opener.setAttribute("aria-expanded", "false");
    if (this.menu.node.contains(document.activeElement)) this.opener.focus();
  }

  private toActiveEntry(): void {
    (this.menu.contentNode.children[this.menu.activeIndex] as HTMLElement | undefined)?.focus();
  }

  private open(): void {
    const { right, bottom } = this.opener.getBoundingClientRect();
    this.opener.setAttribute("aria-expanded", "true");
    this.menu.open(right, bottom, { horizontalAlignment: "right" });
    this.menu.activateNextItem();
  }
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(name), { className });
}
