// One chart of a page: fetches its number, draws it, fills its table, keeps its links true.

import * as bars from "./bars.js";
import { element } from "./elements.js";
import * as grids from "./grids.js";
import { fetched, SignedOut } from "./numbers.js";
import { clear, draw } from "./plotly.js";
import { plots } from "./plots.js";
import { Replay } from "./replay.js";
import { fill } from "./table.js";
import { say } from "./text.js";
import { theme } from "./theme.js";
import { viewing } from "./viewing.js";

const LONG = 60;

const lists = {
  students: bars.students,
  reasons: bars.reasons,
  usage: bars.usage,
  pace: bars.pace,
  funnel: bars.funnel,
  hours: grids.hours,
  cohorts: grids.cohorts,
};

export class Chart {
  constructor(article, api) {
    this.article = article;
    this.api = api;
    this.name = article.dataset.number;
    this.kind = article.dataset.kind;
    this.box = article.querySelector(".drawing");
    this.tools = article.querySelector(".tools");
    this.details = article.querySelector("details");
    this.details.addEventListener("toggle", () => this.tabulate());
    if (this.kind === "notebooks") {
      const grew = () => fetched(`${api}/notebooks-over-time`, this.question, false);
      this.replay = new Replay(this.tools, this.box, grew);
    }
    if (plots[this.kind]) this.box.setAttribute("role", "img");
    this.title = article.querySelector("h3").textContent;
  }

  // Shows what the question asks for; false if another question came meanwhile.
  async show(question, unattended = false) {
    this.question = question;
    this.link();
    this.article.setAttribute("aria-busy", "true");
    try {
      const number = await fetched(`${this.api}/${this.name}`, question, unattended);
      if (question !== this.question) return;
      this.number = number;
      await this.redraw();
      this.tabulate();
      this.article.dataset.drawn = String(number.length);
      this.article.setAttribute("aria-busy", "false");
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      this.say(say("failed"));
      console.warn(error);
    }
  }

  async redraw() {
    if (!this.number) return;
    if (!this.number.length) return this.say(say("nothing"));
    this.say("");
    if (this.replay) this.replay.take(this.number);
    else if (lists[this.kind]) this.box.replaceChildren(...lists[this.kind](this.number));
    if (lists[this.kind] || this.replay) this.scroll();
    else await this.plot(plots[this.kind](this.number, theme()));
  }

  async plot(made) {
    this.tools.replaceChildren(...(made.legend || []).map(([name, color]) => key(name, color)));
    this.box.setAttribute("aria-label", this.title);
    await draw(this.box, made);
    if (this.kind === "map") this.lead();
  }

  // From a square of the map to the notebook; the table has the same as links.
  lead() {
    this.box.removeAllListeners("plotly_click");
    this.box.on("plotly_click", ({ points: [{ x, y }] }) => {
      const href = viewing(y, x);
      if (href) location.assign(href);
    });
  }

  // What is long is scrolled in its place, also with the keyboard.
  scroll() {
    const long = this.box.querySelectorAll("li").length > LONG;
    this.box.classList.toggle("long", long);
    const attributes = { tabindex: "0", role: "region", "aria-label": this.title };
    for (const [name, value] of Object.entries(attributes)) {
      if (long) this.box.setAttribute(name, value);
      else this.box.removeAttribute(name);
    }
  }

  say(text) {
    const said = this.article.querySelector(".nothing");
    said.textContent = text;
    said.hidden = !text;
    this.box.hidden = this.tools.hidden = Boolean(text);
    if (!text) return;
    clear(this.box);
    this.box.replaceChildren();
  }

  tabulate() {
    if (this.details.open && this.number) fill(this.details, this.number);
  }

  link() {
    for (const link of this.details.querySelectorAll("[data-format]")) {
      link.href = `${this.api}/${this.name}.${link.dataset.format}?${this.question}`;
    }
  }
}

function key(name, color) {
  const swatch = element("i", { "aria-hidden": "true" });
  swatch.style.background = color;
  return element("span", { class: "key" }, swatch, name);
}
