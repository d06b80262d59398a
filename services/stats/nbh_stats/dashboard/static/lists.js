// The list of courses with their last thirty days, and of machines.

import { drawn, element } from "./elements.js";
import { fetched } from "./numbers.js";
import { daysAgo } from "./range.js";
import { count, counted, instant, real, say, share, zone } from "./text.js";

const DAYS = 30;
const SOON = 20 * 60e3;

export class Lists {
  constructor(api) {
    this.api = api;
    this.courses = document.getElementById("courses");
    this.nodes = document.getElementById("nodes");
  }

  async show(_question, unattended) {
    const ask = (name, query = {}) => fetched(`${this.api}/${name}`, new URLSearchParams(query), unattended);
    const recent = { from: daysAgo(DAYS - 1, zone) };
    const [ever, lately, byDay] = await Promise.all([ask("courses"), ask("courses", recent), ask("courses-by-day", recent)]);
    this.showCourses(ever.rows(), lately.rows(), byDay.rows());
    if (!this.nodes) return;
    const nodes = (await ask("nodes")).rows();
    document.getElementById("no-machines").toggleAttribute("hidden", nodes.length > 0);
    await this.showNodes(nodes, ask);
  }

  showCourses(ever, lately, byDay) {
    const students = new Map(lately.map((row) => [row.course, row.students]));
    const last = new Map(ever.map((row) => [row.course, row.last]));
    const days = new Map();
    for (const { course, day, students: came } of byDay) {
      if (!days.has(course)) days.set(course, new Map());
      days.get(course).set(day, came);
    }
    for (const course of last.keys()) if (!this.card(course)) this.courses.append(card(course));
    for (const each of this.courses.children) {
      const name = each.dataset.course;
      const seen = last.get(name);
      const came = students.get(name) || 0;
      const facts = element("p", { class: "facts" }, element("b", {}, count(came)), " ", counted("students-count", came));
      const when = element("p", { class: "what" }, seen ? say("last-seen", { when: instant(seen) }) : say("ever"));
      fill(each, facts, sparkline(days.get(name) || new Map()), when);
    }
    document.getElementById("empty")?.toggleAttribute("hidden", this.courses.children.length > 0);
  }

  card(course) {
    return [...this.courses.children].find((each) => each.dataset.course === course);
  }

  async showNodes(nodes, ask) {
    const from = new Date(Date.now() - SOON).toISOString();
    const states = nodes.map(async ({ node, last }) => {
      const now = (await ask(`nodes/${node}/machine`, { from, step: "5m" })).rows().at(-1);
      const when = element("p", { class: "what" }, say("last-seen", { when: instant(last) }));
      return [node, ...(now ? machine(now) : []), when];
    });
    for (const [node, ...state] of await Promise.all(states)) fill(this.machine(node), ...state);
  }

  machine(node) {
    const there = [...this.nodes.children].find((each) => each.dataset.node === node);
    if (there) return there;
    const link = element("a", { href: `/dashboard/nodes/${node}` }, node);
    this.nodes.append(element("li", { "data-node": node }, link));
    return this.nodes.lastElementChild;
  }
}

/** What a card says beside its link, which stays: somebody may be about to click it. */
function fill(card, ...said) {
  const [, ...before] = card.children;
  for (const old of before) old.remove();
  card.append(...said);
}

function card(course) {
  const link = element("a", { href: `/dashboard/courses/${encodeURIComponent(course)}` }, course);
  return element("li", { "data-course": course }, link);
}

function machine(now) {
  return [
    say("load-now", { load: real(now.load1) }),
    say("memory-now", { percent: share(now.memory_available / now.memory_total) }),
    say("disk-now", { percent: share(now.data_free_percent / 100) }),
  ].map((text) => element("p", { class: "facts" }, text));
}

function sparkline(came) {
  const values = [...Array(DAYS).keys()].map((at) => came.get(daysAgo(DAYS - 1 - at, zone)) || 0);
  const most = Math.max(1, ...values);
  const points = values.map((value, at) => `${(at / (DAYS - 1)) * 120},${(30 - (value / most) * 28).toFixed(1)}`);
  return drawn(
    "svg",
    { class: "spark", viewBox: "0 0 120 32", preserveAspectRatio: "none", "aria-hidden": "true", "data-values": values.join(" ") },
    drawn("polygon", { points: `0,30 ${points.join(" ")} 120,30` }),
    drawn("polyline", { points: points.join(" ") }),
  );
}
