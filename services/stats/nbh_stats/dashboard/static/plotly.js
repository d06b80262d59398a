// Plotly, which is large: it comes after the page is seen, and draws one chart after the other.

import { isPrinting } from "./theme.js";

const SRC = document.querySelector("link[data-plotly]")?.href;
const language = document.documentElement.lang;
const touched = matchMedia("(pointer: coarse)").matches;

// Pixels between the margins of a page of paper.
const PAPER = 660;

const config = { displayModeBar: false, responsive: false, showTips: false, locale: language, doubleClick: "reset" };

let coming;

// It can draw.
export function ready() {
  coming ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = SRC;
    script.addEventListener("load", () => {
      if (language !== "en") window.Plotly.register(names());
      resolve(window.Plotly);
    });
    script.addEventListener("error", () => reject(new Error("plotly")));
    document.head.append(script);
  });
  return coming;
}

export async function draw(box, { traces, layout, height }) {
  const plotly = await ready();
  box.style.height = `${height}px`;
  const width = isPrinting() ? PAPER : box.clientWidth;
  const sized = { ...layout, width, height, dragmode: touched ? false : layout.dragmode };
  const start = performance.now();
  await plotly.react(box, traces, sized, config);
  performance.measure(`plot ${box.closest("article").id}`, { start });
}

export function clear(box) {
  if (box.data) window.Plotly.purge(box);
}

// Months and weekdays of the reader's language; English is plotly's own.
function names() {
  const of = (options, dates) => dates.map((date) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options }).format(date));
  const months = [...Array(12).keys()].map((month) => Date.UTC(2024, month, 1));
  const days = [...Array(7).keys()].map((day) => Date.UTC(2023, 0, 1 + day));
  return {
    moduleType: "locale",
    name: language,
    dictionary: {},
    format: {
      days: of({ weekday: "long" }, days),
      shortDays: of({ weekday: "short" }, days),
      months: of({ month: "long" }, months),
      shortMonths: of({ month: "short" }, months),
      periods: ["AM", "PM"],
      dateTime: "%a %e %b %X %Y",
      date: "%d/%m/%Y",
      time: "%H:%M:%S",
      decimal: ",",
      thousands: "\u202f",
      grouping: [3],
      currency: ["", " €"],
      year: "%Y",
      month: "%b %Y",
      dayMonth: "%-d %b",
      dayMonthYear: "%-d %b %Y",
    },
  };
}
