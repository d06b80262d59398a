// The time range, and what else is chosen, as it stands in the page's address.

const NAMES = ["last", "from", "to", "track", "everyone"];
const DAY = 86400e3;

export function chosen(search) {
  const given = new URLSearchParams(search);
  return Object.fromEntries(NAMES.map((name) => [name, given.get(name) || ""]));
}

// The address's query for a choice; what is not chosen is not in it.
export function address(choice) {
  const made = new URLSearchParams(NAMES.filter((name) => choice[name]).map((name) => [name, choice[name]]));
  return `?${made}`;
}

// What the numbers are asked with.
export function question(choice, zone, now = new Date()) {
  const asked = new URLSearchParams();
  const days = Number(choice.last);
  if (days > 0) asked.set("from", daysAgo(days - 1, zone, now));
  else for (const name of ["from", "to"]) if (choice[name]) asked.set(name, choice[name]);
  for (const name of ["track", "everyone"]) if (choice[name]) asked.set(name, choice[name]);
  return asked;
}

// A day as the numbers are asked with, in the course's time zone.
export function daysAgo(count, zone, now = new Date()) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(now);
  return new Date(Date.parse(parts) - count * DAY).toISOString().slice(0, 10);
}

// The form that changes it; `changed` is called with each new choice.
export class Range {
  constructor(zone, changed) {
    this.zone = zone;
    this.changed = changed;
    this.form = document.getElementById("range");
    this.choice = chosen(location.search);
    this.show();
    this.listen();
  }

  get question() {
    return question(this.choice, this.zone);
  }

  listen() {
    addEventListener("popstate", () => this.take(chosen(location.search)));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { from, to } = this.form.elements;
      this.choose({ last: "", from: from.value, to: to.value });
    });
    for (const preset of this.form.querySelectorAll("[data-last]")) {
      preset.addEventListener("click", (event) => {
        event.preventDefault();
        this.choose({ last: preset.dataset.last, from: "", to: "" });
      });
    }
  }

  choose(more) {
    const choice = { ...this.choice, ...more };
    history.pushState(null, "", address(choice));
    this.take(choice);
  }

  take(choice) {
    this.choice = choice;
    this.show();
    this.changed();
  }

  show() {
    const { last, from, to } = this.choice;
    this.form.elements.from.value = from;
    this.form.elements.to.value = to;
    const preset = from || to ? undefined : last;
    for (const link of this.form.querySelectorAll("[data-last]")) {
      if (link.dataset.last === preset) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      link.href = address({ ...this.choice, last: link.dataset.last, from: "", to: "" });
    }
  }
}
