// A line at the foot of the page for what cannot wait.
import { toActiveCell } from "./quiet.ts";
import type { Deed, Told } from "./telling.ts";
import type { Words } from "./words.ts";

/** Leads to the line and back; few pages, and no cell of Jupyter's, have another use for it. */
const KEY = "F8";

export class NoticeBar {
  private readonly node = element("div", "nbh-Notice");
  /** Read aloud when it changes; the time that is left is not. It is there before it says anything: else nobody would be told. */
  private readonly text = element("span", "nbh-Notice-text");
  private readonly time = element("span", "nbh-Notice-time");
  private readonly deeds = element("span", "nbh-Notice-deeds");
  private told = "";
  /** Where somebody was before they came to the line. */
  private before: HTMLElement | null = null;

  constructor() {
    this.text.setAttribute("role", "status");
    this.time.setAttribute("role", "timer");
    this.node.setAttribute("aria-keyshortcuts", KEY);
    this.node.append(this.text, this.time, this.deeds);
    this.node.addEventListener("focusin", ({ relatedTarget }) => this.comes(relatedTarget));
    this.node.addEventListener("keydown", ({ key }) => key === "Escape" && this.leave());
    window.addEventListener("keydown", (event) => this.turn(event), true);
    new ResizeObserver(() => this.makeRoom()).observe(this.node);
    // what Tab finds first
    document.body.prepend(this.node);
  }

  hide(): void {
    this.told = this.text.textContent = this.time.textContent = "";
    this.node.removeAttribute("role");
    this.node.classList.remove("nbh-mod-told");
    this.offer([]);
  }

  /** Says this; what is said already is not said again. */
  show({ text, time, deeds }: Told, words: Words): void {
    this.time.textContent = time;
    const said = [text, ...deeds.map(([label]) => label)].join("\n");
    if (said === this.told) return;
    this.told = said;
    Object.assign(this.node, { lang: words.lang, role: "region", ariaLabel: words.notices.label });
    this.node.classList.add("nbh-mod-told");
    this.text.textContent = text;
    this.offer(deeds);
  }

  /** It is of no use any more. */
  dispose(): void {
    this.hide();
    this.node.remove();
  }

  /** The way to the line and back by the keyboard. */
  private turn(event: KeyboardEvent): void {
    const first = this.deeds.querySelector("button");
    if (event.key !== KEY || first === null) return;
    event.preventDefault();
    // a notebook takes the focus back at each key that it hears
    event.stopImmediatePropagation();
    if (this.isIn()) this.leave();
    else first.focus();
  }

  private offer(deeds: readonly Deed[]): void {
    const wasIn = this.isIn();
    this.deeds.replaceChildren(...deeds.map(button));
    if (wasIn) this.leave();
  }

  private isIn(): boolean {
    return this.node.contains(document.activeElement);
  }

  private comes(from: EventTarget | null): void {
    // a dialog that closes gives the focus back, and comes from nowhere
    if (from instanceof HTMLElement && !this.node.contains(from)) this.before = from;
  }

  private leave(): void {
    if (this.before?.isConnected) this.before.focus({ preventScroll: true });
    else toActiveCell();
  }

  /** Nothing of Jupyter's page is hidden by the line. */
  private makeRoom(): void {
    document.body.style.setProperty("--nbh-notice-height", `${this.node.offsetHeight}px`);
    // what Jupyter measures itself by
    window.dispatchEvent(new Event("resize"));
  }
}

function button([label, does]: Deed): HTMLButtonElement {
  const made = element("button", "");
  made.textContent = label;
  made.addEventListener("click", does);
  return made;
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(name), { className });
}
