// A line at the foot of the page for what cannot wait.

/** A button: what it says, and what it does. */
export type Deed = readonly [label: string, does: () => void];

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
  show(text: string, time: string, deeds: readonly Deed[]): void {
    this.node.hidden = false;
    this.time.textContent = time;
    if (text === this.told) return;
    this.told = this.text.textContent = text;
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
