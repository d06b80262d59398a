// Tables whose cells are coloured by what is in them.

import { element, shade } from "./elements.js";
import { count, counted, day, say, share, weekday } from "./text.js";

const HOURS = [...Array(24).keys()];
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];

export function hours(number) {
  const opens = new Map(number.rows().map((row) => [`${row.weekday} ${row.hour}`, row.opens]));
  const most = Math.max(1, ...opens.values());
  const head = HOURS.map((hour) => element("th", { scope: "col" }, hour % 3 ? element("span", { class: "unseen" }, hour) : hour));
  const rows = WEEKDAYS.map((each) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, weekday(each)),
      ...HOURS.map((hour) => hourCell(each, hour, opens.get(`${each} ${hour}`) || 0, most)),
    ),
  );
  return [grid("hours", head, rows)];
}

function hourCell(each, hour, opens, most) {
  const said = counted("hour-cell", opens, { day: weekday(each), hour });
  const text = element("span", { class: "unseen" }, count(opens));
  return element("td", { class: shade(opens, most), title: said, "data-value": opens }, text);
}

export function cohorts(number) {
  const all = new Map();
  for (const { cohort, week, students } of number.rows()) {
    if (!all.has(cohort)) all.set(cohort, new Map());
    all.get(cohort).set(week, students);
  }
  const weeks = [...Array(1 + Math.max(0, ...number.get("week"))).keys()];
  const head = [element("th", { scope: "col" }, say("students-count")), ...weeks.map((week) => element("th", { scope: "col" }, say("weeks-later", { count: week })))];
  const rows = [...all].map(([cohort, came]) => cohortRow(cohort, came, weeks));
  return [element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("weeks-later", { count: "" }) }, grid("cohorts", head, rows))];
}

function cohortRow(cohort, came, weeks) {
  const size = came.get(0) || 0;
  const cells = weeks.map((week) => {
    const students = came.get(week) || 0;
    const part = size ? students / size : 0;
    const title = say("cohort-cell", { count: count(students), all: count(size) });
    return element("td", { class: shade(part, 1), title, "data-value": students }, students ? share(part) : "");
  });
  return element("tr", {}, element("th", { scope: "row" }, day(cohort)), element("td", { class: "size" }, count(size)), ...cells);
}

function grid(name, head, rows) {
  const corner = element("td");
  return element(
    "table",
    { class: `grid ${name}` },
    element("thead", {}, element("tr", {}, corner, ...head)),
    element("tbody", {}, ...rows),
  );
}
