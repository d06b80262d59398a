// Words and numbers as the reader writes them.

const said = JSON.parse(document.body.dataset.spoken);
const language = document.documentElement.lang;
const numbers = new Intl.NumberFormat(language);
const shares = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const plurals = new Intl.PluralRules(language);
const days = new Intl.DateTimeFormat(language, { timeZone: "UTC", day: "numeric", month: "short" });
const wholeDays = new Intl.DateTimeFormat(language, { timeZone: "UTC", dateStyle: "medium" });
const weekdays = new Intl.DateTimeFormat(language, { timeZone: "UTC", weekday: "short" });

export const zone = document.body.dataset.zone || undefined;
const instants = new Intl.DateTimeFormat(language, {
  timeZone: zone,
  dateStyle: "medium",
  timeStyle: "short",
});

const MONDAY = Date.UTC(2024, 0, 1);
const DAY = 86400e3;
const UNKNOWN = "–";

export const say = (name, values = {}) =>
  said.spoken[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
/** The same for so many, which is `{count}`: of one there may be other words, `name-one`. */
export function counted(name, number, values = {}) {
  const one = `${name}-one`;
  const fits = plurals.select(number) === "one" && one in said.spoken ? one : name;
  return say(fits, { count: count(number), ...values });
}
export const column = (name) => said.columns[name] || name;
export const word = (text) => said.values[text] || text;

export const count = (value) => (value === null ? UNKNOWN : numbers.format(value));
export const share = (value) => shares.format(value);
export const day = (text) => days.format(new Date(text));
export const instant = (text) => (text ? instants.format(new Date(text)) : UNKNOWN);
export const weekday = (number) => weekdays.format(new Date(MONDAY + (number - 1) * DAY));
export const real = (value) => (value === null ? UNKNOWN : tenths.format(value));

export function duration(seconds) {
  if (seconds === null) return UNKNOWN;
  if (seconds < 0.9995) return `${numbers.format(Math.round(seconds * 1000))} ms`;
  if (seconds < 99.5) return `${tenths.format(seconds)} s`;
  if (seconds < 5970) return `${tenths.format(seconds / 60)} min`;
  return `${tenths.format(seconds / 3600)} h`;
}

export function bytes(value) {
  if (value === null) return UNKNOWN;
  const power = value < 1 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10));
  return `${tenths.format(value / 1024 ** power)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

// What stands in a cell of a table, by the type and unit of its column.
export function cell(value, { type, unit }) {
  if (value === null) return UNKNOWN;
  if (unit === "s") return duration(value);
  if (unit === "bytes") return bytes(value);
  if (type === "day") return wholeDays.format(new Date(value));
  if (type === "instant") return instant(value);
  if (type === "text") return word(value);
  return type === "count" ? count(value) : real(value);
}
