// A line at the foot of the page for what cannot wait.
import type { Deed, Told } from "./telling.ts";

export class NoticeBar {
  private readonly node = element("div", "nbh-Notice");
  /** Read aloud when it changes; the time that is left is not. */
  private readonly text = element("span", "nbh-Notice-text");
  private readonly time = element("span", "nbh-Notice-time");
  private readonly deeds = element("span", "nbh-Notice-deeds");
  private told = "";

  constructor() {
    this.text.setAttribute("role", "status");
    this.time.setAttribute("role", "timer");
    this.node.append(this.text, this.time, this.deeds);
    this.hide();
    document.body.append(this.node);
  }

  hide(): void {
    this.told = this.text.textContent = "";
    this.node.hidden = true;
  }

  /** Says this; what is said already is not said again. */
  show({ text, time, deeds }: Told): void {
    this.node.hidden = false;
    this.time.textContent = time;
    const said = [text, ...deeds.map(([label]) => label)].join("\n");
    if (said === this.told) return;
    this.told = said;
    this.text.textContent = text;
    this.deeds.replaceChildren(...deeds.map(button));
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
