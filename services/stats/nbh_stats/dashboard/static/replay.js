// Students per notebook, and how it grew: a list of bars with a slider through time.

import { list } from "./bars.js";
import { element } from "./elements.js";
import { instant, say } from "./text.js";

const FRAME = 120;

export class Replay {
  // `ask` fetches how it grew.
  constructor(tools, box, ask) {
    this.box = box;
    this.ask = ask;
    this.button = element("button", { type: "button" }, say("play"));
    this.slider = element("input", { type: "range", min: 0, max: 0, value: 0, hidden: true, "aria-label": say("moment", { when: "" }) });
    this.moment = element("output");
    tools.replaceChildren(this.button, this.slider, this.moment);
    this.button.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    this.slider.addEventListener("input", () => {
      this.pause();
      this.show(Number(this.slider.value));
    });
  }

  // As it is now.
  take(number) {
    this.pause();
    this.growth = undefined;
    this.slider.hidden = true;
    this.moment.textContent = "";
    this.names = number.get("notebook");
    this.draw(number.get("students"));
  }

  draw(students) {
    this.most ??= 1;
    this.most = Math.max(this.growth ? this.most : 1, ...students);
    const rows = this.names.map((name, at) => ({ name, value: students[at] }));
    this.box.replaceChildren(list(rows, { most: this.most, columns: true }));
  }

  async play() {
    this.button.textContent = say("pause");
    this.timer = setTimeout(() => {}, 0);
    if (!this.growth) {
      const growth = await this.ask();
      if (!this.timer) return;
      this.prepare(growth);
    }
    if (this.at >= this.moments.length - 1) this.at = -1;
    this.tick();
  }

  prepare(growth) {
    this.growth = growth.rows();
    this.moments = [...new Set(growth.get("until"))];
    this.slider.max = Math.max(0, this.moments.length - 1);
    this.slider.hidden = false;
    this.at = -1;
  }

  tick() {
    this.show(this.at + 1);
    if (this.at < this.moments.length - 1) this.timer = setTimeout(() => this.tick(), FRAME);
    else this.pause();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.button.textContent = say("play");
  }

  show(at) {
    this.at = at;
    const until = this.moments[at];
    const then = new Map();
    for (const row of this.growth) {
      if (row.until > until) break;
      then.set(row.notebook, row.students);
    }
    this.slider.value = at;
    const said = say("moment", { when: instant(until) });
    this.slider.setAttribute("aria-valuetext", said);
    this.moment.textContent = said;
    this.draw(this.names.map((name) => then.get(name) || 0));
  }
}
