// What plotly is told to draw for each number. Pure. No axis has a title and no map a colour
// bar: plotly gives those a style attribute, which the policy of our pages forbids.

import { bytes, column, count, duration, say } from "./text.js";

const GIB = 1024 ** 3;
const DAY = 24 * 3600e3;
const HEIGHT = 300;
const CLEAR = "rgba(0,0,0,0)";

export const plots = { "by-day": byDay, histogram, map, "pace-by-day": paceByDay, labs, load, memory, disks };

function byDay(number, look) {
  const [, value] = number.columns.map(({ name }) => name);
  const x = number.get("day");
  const fresh = number.get("new");
  const before = number.get(value).map((all, at) => all - fresh[at]);
  const of = value === "students" ? "returning" : "opened-before";
  const [first, second, third] = look.series;
  const width = x.length === 1 ? 0.85 * DAY : undefined;
  const bar = (name, y, color) => ({ type: "bar", name, x, y, width, marker: { color }, hovertemplate: "%{y}" });
  return {
    height: 380,
    legend: [[say(of), first], [say("first-time"), second], [say("in-all"), third]],
    traces: [
      bar(say(of), before, first),
      bar(say("first-time"), fresh, second),
      { ...line(say("in-all"), x, number.get("total"), third), yaxis: "y2", fill: "tozeroy", fillcolor: faint(third), hovertemplate: "%{y}" },
    ],
    layout: layout(look, {
      barmode: "stack",
      bargap: x.length > 60 ? 0 : 0.15,
      xaxis: { anchor: "y2", ...days(x, look) },
      yaxis: { domain: [0.4, 1], ...counted(look, number.get(value)) },
      yaxis2: { domain: [0, 0.3], nticks: 3, ...counted(look, number.get("total")) },
    }),
  };
}

function histogram(number, look) {
  const x = number.get("notebooks");
  const y = number.get("students");
  return {
    height: HEIGHT,
    traces: [{ type: "bar", x, y, marker: { color: look.series[0] }, hovertemplate: `%{x} ${column("notebooks")}: %{y} ${say("students-count")}<extra></extra>` }],
    layout: layout(look, {
      bargap: 0.1,
      hovermode: "closest",
      xaxis: { ...axis(look), showgrid: false, tickformat: "d", nticks: 12 },
      yaxis: counted(look, y),
    }),
  };
}

function map(number, look) {
  const [students, notebooks, opens] = ["student", "notebook", "opens"].map(number.get);
  const x = [...new Set(notebooks)].sort();
  const y = [...new Set(students)];
  const column_ = new Map(x.map((name, at) => [name, at]));
  const row = new Map(y.map((name, at) => [name, at]));
  const z = y.map(() => Array(x.length).fill(null));
  for (let at = 0; at < opens.length; at++) z[row.get(students[at])][column_.get(notebooks[at])] = opens[at];
  const longest = Math.min(18, Math.max(0, ...x.map((name) => name.length)));
  const few = y.length <= 50;
  const most = Math.max(2, percentile(opens, 0.98));
  return {
    legend: look.shades.map((color, at) => [["1", "", "", "", "", "", `≥ ${count(most)}`][at], color]),
    height: 30 + 5.5 * longest + Math.min(640, Math.max(160, y.length * (few ? 16 : 5))),
    traces: [{
      type: "heatmap", x, y, z, zmin: 1, zmax: most,
      colorscale: look.shades.map((color, at) => [at / 6, color]),
      xgap: x.length > 80 ? 0.25 : 1,
      ygap: few ? 1 : 0.25,
      hoverongaps: false,
      hovertemplate: `%{y}<br>%{x}: %{z} ${say("opens-count")}<extra></extra>`,
      showscale: false,
    }],
    layout: {
      ...layout(look, {
        hovermode: "closest",
        dragmode: "zoom",
        xaxis: { ...axis(look), showgrid: false, tickangle: -60, ticks: "", ...labels(x, 18, 60) },
        yaxis: { ...axis(look), showgrid: false, autorange: "reversed", ...labels(y, 12, 50) },
      }),
      margin: { l: few ? 96 : 20, r: 8, t: 8, b: 20 + 5.5 * longest },
    },
  };
}

// Of names, so many as can be read, each shortened at its begin, where they are alike.
function labels(names, longest, most) {
  const every = Math.ceil(names.length / most);
  const tickvals = names.filter((_, at) => at % every === 0);
  const ticktext = tickvals.map((name) => (name.length > longest ? `…${name.slice(1 - longest)}` : name));
  return every > 1 && longest === 12 ? { showticklabels: false } : { tickmode: "array", tickvals, ticktext };
}

function paceByDay(number, look) {
  const x = number.get("day");
  const names = ["p50", "p95", "p99"];
  const marks = [0.01, 0.1, 1, 10, 100, 1000];
  const series = names.map((name, at) => ({
    ...line(column(name), x, number.get(name), look.series[at]),
    customdata: number.get(name).map(duration),
    hovertemplate: "%{customdata}",
  }));
  return {
    height: HEIGHT,
    legend: names.map((name, at) => [column(name), look.series[at]]),
    traces: series,
    layout: layout(look, {
      xaxis: days(x, look),
      yaxis: { ...axis(look), type: "log", tickvals: marks, ticktext: marks.map(duration) },
    }),
  };
}

function labs(number, look) {
  const names = ["running", "frozen", "pooled", "kernels"];
  return steps(number, look, names, { yaxis: counted(look, names.flatMap(number.get)) });
}

function load(number, look) {
  return steps(number, look, ["load1", "load5", "load15"], { yaxis: { ...axis(look), rangemode: "tozero" } });
}

function memory(number, look) {
  const made = steps(number, look, ["memory_available", "memory_total"], {
    yaxis: { ...axis(look), rangemode: "tozero", ticksuffix: " GiB", nticks: 5 },
  });
  for (const trace of made.traces) {
    trace.customdata = trace.y.map(bytes);
    trace.hovertemplate = "%{customdata}";
    trace.y = trace.y.map((value) => (value === null ? null : value / GIB));
  }
  made.layout.margin.l = 64;
  return made;
}

function disks(number, look) {
  return steps(number, look, ["data_free_percent", "containers_free_percent", "system_free_percent"], {
    yaxis: { ...axis(look), range: [0, 100], ticksuffix: " %", nticks: 5 },
  });
}

function steps(number, look, names, more) {
  const x = number.get("at");
  return {
    height: HEIGHT,
    legend: names.map((name, at) => [column(name), look.series[at]]),
    traces: names.map((name, at) => line(column(name), x, number.get(name), look.series[at])),
    layout: layout(look, { xaxis: days(x, look), ...more }),
  };
}

function line(name, x, y, color) {
  const mode = x.length > 1 ? "lines" : "markers";
  return { type: "scatter", mode, name, x, y, line: { color, width: 2 }, marker: { color }, hovertemplate: "%{y}" };
}

function layout(look, more) {
  return {
    font: { family: look.font, size: 12, color: look.soft },
    paper_bgcolor: CLEAR,
    plot_bgcolor: CLEAR,
    margin: { l: 46, r: 8, t: 8, b: 44 },
    showlegend: false,
    hovermode: "x unified",
    hoverlabel: { bgcolor: look.paper, bordercolor: look.line, font: { color: look.ink, family: look.font } },
    dragmode: "zoom",
    uirevision: true,
    ...more,
  };
}

function axis(look) {
  return { gridcolor: look.line, linecolor: look.line, zeroline: false, automargin: false, fixedrange: false, tickfont: { color: look.soft } };
}

// Nobody is half: few are marked one by one.
function counted(look, values) {
  const few = !values.some((value) => value > 4);
  return { ...axis(look), rangemode: "tozero", tickformat: ",d", fixedrange: true, ...(few ? { dtick: 1 } : { nticks: 5 }) };
}

// A course that has just begun has a day or two: they stand in a week, not in their milliseconds.
function days(x, look) {
  const isByDay = x[0]?.length === 10;
  const [first, last] = [x[0], x.at(-1)].map(Date.parse);
  const begun = isByDay && last - first < 6 * DAY;
  return {
    ...axis(look),
    type: "date",
    showgrid: false,
    tickangle: 0,
    hoverformat: isByDay ? "%a %d %b %Y" : "%d %b %Y %H:%M",
    nticks: look.isNarrow ? 4 : 8,
    ...(begun && { range: [first - DAY / 2, first + 6.5 * DAY].map(asDay), dtick: look.isNarrow ? 2 * DAY : DAY }),
  };
}

const asDay = (instant) => new Date(instant).toISOString().slice(0, 19);
const faint = (color) => `${color}33`;

function percentile(values, share) {
  const ordered = Float64Array.from(values).sort();
  return ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))] || 1;
}
