// Hears which numbers are other ones now, and says whether it does.

import { element } from "./elements.js";
import { say } from "./text.js";

const shown = document.getElementById("live");

export function follow(changed) {
  state("connecting");
  const stream = new EventSource(document.body.dataset.live);
  stream.addEventListener("open", () => state("live"));
  stream.addEventListener("changed", (event) => changed(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) over();
    else state("away");
  });
}

// Whoever is signed out signs in and comes back to this page.
export function over() {
  state("over");
  const here = location.pathname + location.search;
  shown.append(" ", element("a", { href: `/login?next=${encodeURIComponent(here)}` }, say("again")));
}

function state(name) {
  shown.dataset.state = name;
  shown.replaceChildren(element("span", {}, say(name)));
}
