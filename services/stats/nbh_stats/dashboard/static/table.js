// The table of a chart: the same numbers, for who would rather read them.

import { element } from "./elements.js";
import { cell, column, count, counted, say } from "./text.js";
import { viewing } from "./viewing.js";

const MOST_ROWS = 500;

export function fill(details, number) {
  const shown = Math.min(number.length, MOST_ROWS);
  const said =
    shown < number.length
      ? say("rows-first", { shown: count(shown), count: count(number.length) })
      : counted("rows", number.length);
  details.querySelector(".rows").textContent = said;
  const body = element("tbody");
  const names = number.columns.map(({ name }) => name);
  const [student, notebook] = ["student", "notebook"].map((name) => names.indexOf(name));
  const isOfOne = student >= 0 && notebook >= 0;
  for (let row = 0; row < shown; row++) {
    const at_ = (at) => number.data[at][row];
    const cells = number.columns.map((of, at) => {
      const text = cell(at_(at), of);
      const href = isOfOne && at === notebook && viewing(at_(student), at_(notebook));
      return element(at ? "td" : "th", { scope: at ? undefined : "row", class: of.type }, href ? element("a", { href }, text) : text);
    });
    body.append(element("tr", {}, ...cells));
  }
  details.querySelector("table").replaceChildren(head(number.columns), body);
}

function head(columns) {
  const cells = columns.map((of) => element("th", { scope: "col", class: of.type }, column(of.name)));
  return element("thead", {}, element("tr", {}, ...cells));
}
