// Of nbhosting, once for all notebooks of a page.
for (const frame of document.querySelectorAll("iframe.nbh-notebook:not([data-nbh])")) {
  const url = (frame.dataset.nbh = frame.src);
  const { origin } = new URL(url);
  // Not before it is seen: "lazy" is a screen or two too early for a notebook server.
  frame.removeAttribute("src");
  const seeing = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seeing.disconnect();
    frame.src = url;
    // It may take a while until somebody in there understands.
    let tries = 90;
    const asking = setInterval(() => {
      frame.contentWindow?.postMessage("nbh-height", "*");
      if (--tries === 0) clearInterval(asking);
    }, 1000);
    addEventListener("message", ({ source, origin: from, data }) => {
      if (source !== frame.contentWindow || from !== origin) return;
      const height = Number(data?.["nbh-height"]);
      if (!(height > 0)) return;
      clearInterval(asking);
      frame.style.height = `${Math.min(Math.max(height, 240), 4000)}px`;
    });
  });
  seeing.observe(frame);
}
