// Begins whichever page this is.

import { Chart } from "./chart.js";
import { Figures } from "./figures.js";
import { Lists } from "./lists.js";
import { follow, over } from "./live.js";
import { SignedOut } from "./numbers.js";
import { ready } from "./plotly.js";
import { Range } from "./range.js";
import { zone } from "./text.js";
import { whenItChanges } from "./theme.js";

const PAUSE = 400;
const api = document.body.dataset.api;
const of = (id, make) => (document.getElementById(id) ? make(document.getElementById(id)) : undefined);

class Page {
  constructor() {
    this.charts = [...document.querySelectorAll(".chart")].map((article) => new Chart(article, api));
    this.figures = of("figures", (box) => new Figures(box, api));
    this.lists = of("courses", () => new Lists(api));
    this.range = of("range", () => new Range(zone, () => this.show(false)));
    this.stale = new Set();
    this.near = new Set();
    this.showing = 0;
    this.choices();
  }

  get question() {
    return this.range ? this.range.question : new URLSearchParams();
  }

  // What shows something that can be asked for again.
  get parts() {
    return [this.figures, this.lists, ...this.charts].filter(Boolean);
  }

  // Drawn is the page when nothing is asked for any more: one showing can overtake another.
  async show(unattended, parts = this.parts) {
    const question = this.question;
    this.showing += 1;
    document.body.dataset.state = "busy";
    const shows = parts.map((part) => part.show(question, unattended));
    Promise.allSettled(shows.filter((_, at) => isInSight(parts[at]))).then(() => performance.mark("seen"));
    const done = await Promise.allSettled(shows);
    const failures = done.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
    if (failures.some((failure) => failure instanceof SignedOut)) over();
    else for (const failure of failures) console.warn(failure);
    this.showing -= 1;
    if (this.showing) return;
    document.body.dataset.state = "drawn";
    performance.mark("drawn");
  }

  // Numbers are other ones: what is seen is fetched again, the rest when it comes into sight.
  heard({ numbers, nodes = [] }) {
    if (document.getElementById("filled")?.hidden) location.reload();
    for (const chart of this.charts) if (numbers.includes(chart.name) || nodes.length) this.stale.add(chart);
    if (this.figures?.concerns(numbers)) this.stale.add(this.figures);
    if (this.lists) this.stale.add(this.lists);
    this.refresh();
  }

  async refresh() {
    if (this.isCatchingUp) return;
    this.isCatchingUp = true;
    while (this.seen().length) {
      const parts = this.seen();
      for (const part of parts) this.stale.delete(part);
      await this.show(true, parts);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    this.isCatchingUp = false;
  }

  seen() {
    if (document.hidden) return [];
    return [...this.stale].filter((part) => !(part instanceof Chart) || this.near.has(part.article));
  }

  watch() {
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (isIntersecting) this.near.add(target);
          else this.near.delete(target);
        }
        this.refresh();
      },
      { rootMargin: "200px" },
    );
    for (const { article } of this.charts) observer.observe(article);
    document.addEventListener("visibilitychange", () => this.refresh());
  }

  redraw() {
    for (const chart of this.charts) if (chart.box.data) chart.redraw();
  }

  // The track and who counts stand in the address as the range does.
  choices() {
    const choose = (name, value) => this.range.choose({ [name]: value });
    of("track", (select) => {
      select.hidden = false;
      document.querySelector("#funnel .tools").append(select);
      select.value = this.range.choice.track || select.value;
      select.addEventListener("change", () => choose("track", select.value));
    });
    of("everyone", (box) => {
      box.checked = this.range.choice.everyone === "true";
      box.addEventListener("change", () => choose("everyone", box.checked ? "true" : ""));
    });
  }
}

const isInSight = ({ article }) => !article || article.getBoundingClientRect().top < innerHeight;

function afterPaint() {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

const page = new Page();
whenItChanges(() => page.redraw());
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== width) page.redraw();
  width = innerWidth;
});
page.watch();
follow((told) => page.heard(told));
page.show(false);
if (document.querySelector(".plot")) afterPaint().then(ready);
