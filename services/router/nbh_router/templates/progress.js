"use strict";
(() => {
  const list = document.getElementById("steps");
  const status = document.getElementById("status");
  const steps = [...list.querySelectorAll("li")];
  const { here, events, asked, queued, one, some, ready, away } = list.dataset;
  let source;

  // A link that opens once would be refused if the frame were loaded again.
  if ("once" in list.dataset) history.replaceState(null, "", here);

  const say = (text) => { if (status.textContent !== text) status.textContent = text; };

  const before = (n) => (n > 1 ? some.replace("{n}", n) : n === 1 ? one : queued);

  const show = ({ stage, position }) => {
    const current = Math.max(0, steps.findIndex((step) => step.dataset.stage === stage));
    steps.forEach((step, n) => {
      step.className = n < current ? "done" : n === current ? "now" : "";
      if (n === current) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
    steps[0].textContent = current > 0 ? asked : before(position);
    say(steps[current].textContent);
  };

  const leave = (url) => {
    source.close();
    say(ready);
    location.replace(url);
  };

  // The browser gives up an event stream that was answered with an error, as when the router is
  // being started again. Our own answers are pages; a bare error is not one to show.
  const look = async () => {
    try {
      const answer = await fetch(here, { redirect: "manual", cache: "no-store" });
      const type = answer.headers.get("content-type") || "";
      if (answer.type === "opaqueredirect" || type.startsWith("text/html")) return leave(here);
    } catch { /* not there yet */ }
    setTimeout(look, 1000);
  };

  source = new EventSource(events);
  source.addEventListener("stage", (event) => show(JSON.parse(event.data)));
  source.addEventListener("away", () => say(steps[0].textContent = away));
  source.addEventListener("ready", (event) => leave(JSON.parse(event.data).url));
  source.addEventListener("over", () => leave(here));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(look, 1000);
  });
})();
