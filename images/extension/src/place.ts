// Whose notebook this is, and the addresses of what can be done with it. Pure.

/** Whose lab a page belongs to: `?course=…&student=…` of its address (S11). */
export interface Place {
  readonly course: string;
  readonly student: string;
}

/** What a page shows: one notebook, or something that is not ours to change. */
export type Page = "notebook" | "maybe" | "other";

const NOTEBOOK = /\/(notebooks\/|(lab|doc)(\/workspaces\/[^/]+)?\/tree\/.*\.(ipynb|md|py)$)/;

/** Null where nobody said whose it is: outside nbhosting. */
export function placeIn(search: string): Place | null {
  const said = new URLSearchParams(search);
  const [course, student] = [said.get("course"), said.get("student")];
  return course && student ? { course, student } : null;
}

/** What the page at this path shows. An editor (`/edit/`) may show a notebook too (U9). */
export function pageAt(pathname: string): Page {
  const path = decodeURIComponent(pathname).replace(/^\/\d+(?=\/)/, "");
  if (NOTEBOOK.test(path) && path.search(NOTEBOOK) === 0) return "notebook";
  return path.startsWith("/edit/") ? "maybe" : "other";
}

/** The notebook that the page at this path shows; empty if it shows none. */
export function shownAt(pathname: string): string {
  const path = decodeURIComponent(pathname).replace(/^\/\d+(?=\/)/, "");
  return /^\/(?:notebooks|edit|(?:lab|doc)(?:\/workspaces\/[^/]+)?\/tree)\/(.+)$/.exec(path)?.[1] ?? "";
}

/** A path of JupyterLab's, with this notebook in it instead of what it shows; of another page, as it is. */
export function atNotebook(pathname: string, notebook: string): string {
  const page = /^(?:\/\d+)?\/(?:lab|doc)(?:\/workspaces\/[^/]+)?(?=\/tree\/|\/tree$|$)/.exec(pathname)?.[0];
  return page ? `${page}/tree/${notebook.split("/").map(encodeURIComponent).join("/")}` : pathname;
}

/** Goes back to the course's version (S9). */
export function resetUrl(place: Place, notebook: string): string {
  return `${launchUrl(place, notebook)}?forcecopy=true`;
}

/** Brings back what was there before the last reset (S9). */
export function undoUrl(place: Place, notebook: string): string {
  return `${launchUrl(place, notebook)}?undo=true`;
}

/** Where a static version is made, told and withdrawn (S13). */
export function shareUrl(place: Place, notebook: string): string {
  return `/share/${parts(place, notebook)}`;
}

/** Where a learner gets at their work when their lab does not serve it; nothing there asks the lab. */
export function rescueUrl(capability: string, notebook: string): string {
  return `/-/lab/${capability}/rescue?notebook=${encodeURIComponent(notebook)}`;
}

function launchUrl(place: Place, notebook: string): string {
  return `/notebookLazyCopy/${parts(place, notebook)}`;
}

function parts({ course, student }: Place, notebook: string): string {
  return [course, ...notebook.split("/"), student].map(encodeURIComponent).join("/");
}
