// The address stays that of the notebook, so that a reload comes back to it. JupyterLab writes there the
// notebook's folder where nobody has come to it yet, or where it was open before; and never whose it is.
import { atNotebook, shownAt } from "./place.ts";

/** What is written from now on is corrected. `shown` tells what stands in the page; empty if it is no document. */
export function keepAddress({ history, location }: Window, shown: () => string): void {
  const { search } = location;
  const push = history.pushState.bind(history);
  history.pushState = (state: unknown, unused: string, asked?: string | URL | null) => {
    const url = new URL(asked ?? "", location.href);
    const notebook = shown();
    if (notebook !== "") url.pathname = atNotebook(url.pathname, notebook);
    url.search ||= search;
    // of one notebook there is one: the way back leads out of it
    if (shownAt(url.pathname) === shownAt(location.pathname)) history.replaceState(state, unused, url);
    else push(state, unused, url);
  };
}
