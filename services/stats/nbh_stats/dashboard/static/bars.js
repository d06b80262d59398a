// Lists whose rows have a bar: what it is, the bar, and how much.

import { element, scaled } from "./elements.js";
import { bytes, count, counted, duration, instant, say, word } from "./text.js";

const FEW = 10;
const SEVERAL = 15;

// `rows` are {name, value, said, part, note}; `part` is drawn darker within the bar.
export function list(rows, { most = Math.max(1, ...rows.map((row) => row.value)), columns = false } = {}) {
  return element("ol", { class: columns ? "bars columns" : "bars" }, ...rows.map((row) => item(row, most)));
}

function item({ name, value, said, part, note }, most) {
  const bar = scaled(element("span", { class: "bar", "aria-hidden": "true" }, element("i")), value / most);
  if (part !== undefined) bar.append(scaled(element("i", { class: "part" }), part / most));
  const label = element("span", { class: "label", title: name }, name);
  const amount = element("b", {}, said ?? count(value));
  return element("li", { "data-value": value }, label, bar, amount, note ? element("small", {}, note) : "");
}

const few = (number, made) => first(number, FEW, made, {});
const several = (number, made) => first(number, SEVERAL, made, { columns: true });

function first(number, most, made, how) {
  const rows = number.rows();
  const left = rows.length - most;
  const parts = [list(rows.slice(0, most).map(made), how)];
  if (left > 0) parts.push(element("p", { class: "more" }, counted("and-more", left)));
  return parts;
}

export const students = (number) =>
  few(number, ({ student, opens, last }) => ({
    name: student,
    value: opens,
    note: say("last-seen", { when: instant(last) }),
  }));

export const reasons = (number) =>
  few(number, (row) => {
    const [named, ...others] = number.columns.filter(({ type }) => type === "text").map(({ name }) => row[name]);
    const times = row[number.columns.find(({ type }) => type === "count").name];
    return { name: [others.length ? `${word(named)}: ` : "", word(others[0] ?? named)].join(""), value: times };
  });

export const usage = (number) =>
  several(number, (row) => ({
    name: row.student ?? row.course,
    value: row.cpu_seconds,
    said: duration(row.cpu_seconds),
    note: say("memory-most", { size: bytes(row.memory_most) }),
  }));

// Half of them within the dark part, 95 of 100 within the bar.
export const pace = (number) => [
  list(
    number.rows().map((row) => ({
      name: word(row.way ?? row.by),
      value: row.p95,
      part: row.p50,
      said: `${duration(row.p50)} – ${duration(row.p95)}`,
      note: `${count(row.opens ?? row.thaws)} ×`,
    })),
  ),
];

export function funnel(number) {
  const rows = number.rows();
  const most = Math.max(1, ...rows.map(({ reached }) => reached));
  const parts = [];
  for (const [at, row] of rows.entries()) {
    if (!at || row.section !== rows[at - 1].section) {
      parts.push(element("h4", {}, row.section), element("ol", { class: "bars funnel" }));
    }
    const { title, reached, students: opened, stopped } = row;
    const note = stopped ? counted(at < rows.length - 1 ? "stopped" : "finished", stopped) : "";
    parts.at(-1).append(item({ name: title, value: reached, part: opened, note }, most));
  }
  return parts;
}
