// The figures at the top of a course's page.

import { fetched } from "./numbers.js";
import { daysAgo } from "./range.js";
import { count, counted, duration, say, share, zone } from "./text.js";

const SOON = 20 * 60e3;

export class Figures {
  constructor(box, api) {
    this.box = box;
    this.api = api;
  }

  // Whether any of them is made of these numbers.
  concerns(names) {
    return names.includes("summary") || names.includes("labs");
  }

  async show(question, unattended) {
    const everyone = question.get("everyone") ? { everyone: "true" } : {};
    const ask = (name, query) => fetched(`${this.api}/${name}`, new URLSearchParams(query), unattended);
    const [range, week, before, labs] = await Promise.all([
      ask("summary", withoutTrack(question)),
      ask("summary", { from: daysAgo(6, zone), ...everyone }),
      ask("summary", { from: daysAgo(13, zone), to: daysAgo(7, zone), ...everyone }),
      ask("labs", { from: new Date(Date.now() - SOON).toISOString(), step: "5m" }),
    ]);
    this.put(range.rows()[0], week.rows()[0], before.rows()[0], labs.rows().at(-1));
  }

  put(range, week, before, now) {
    this.now(now);
    this.set("week", count(week.students), compared(week.students - before.students));
    this.set("students", count(range.students), counted("new", range.new));
    this.set("notebooks", count(range.notebooks), "");
    this.set("opens", count(range.opens), "");
    this.set("pace", duration(range.p50), range.p50 === null ? "" : say("pace", { p95: duration(range.p95) }));
    const clicks = range.opens + range.failures;
    this.set("failures", count(range.failures), clicks ? say("of-opens", { share: share(range.failures / clicks) }) : "");
  }

  // Machines are looked at every few minutes: none known is not none.
  now(labs) {
    if (labs) this.set("now", count(labs.running), say("frozen-pooled", { frozen: count(labs.frozen), pooled: count(labs.pooled) }));
    else this.set("now", "–", say("not-counted-yet"));
  }

  set(name, value, note) {
    const figure = this.box.querySelector(`[data-figure="${name}"]`);
    figure.querySelector("b").textContent = value;
    figure.querySelector("span").textContent = note;
  }
}

function withoutTrack(question) {
  const made = new URLSearchParams(question);
  made.delete("track");
  return made;
}

function compared(difference) {
  if (difference > 0) return say("more", { count: count(difference) });
  return difference < 0 ? say("fewer", { count: count(-difference) }) : say("same");
}
