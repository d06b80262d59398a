// What a notebook says of itself: what it is called (G16), and its buttons (G17). Pure.

type Metadata = Readonly<Record<string, unknown>>;

/** Its title, or the name of its file. */
export function titleOf(metadata: Metadata, path: string): string {
  return text(ours(metadata).title) || text(metadata.notebookname) || stem(path);
}

/** Its version; empty where it says nothing that a reader could use. */
export function versionOf(metadata: Metadata): string {
  const said = text(ours(metadata).version) || text(metadata.version);
  return /^([0.]*|1\.0)$/.test(said) ? "" : said;
}

/** Whether a cell's tools have those that move it; Jupyter's have, unless the notebook says no. */
export function hasMoveButtons(metadata: Metadata): boolean {
  return ours(metadata).show_up_down_buttons !== false;
}

function ours(metadata: Metadata): Metadata {
  const said = metadata.nbhosting;
  return typeof said === "object" && said !== null ? (said as Metadata) : {};
}

function text(value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number") return "";
  return String(value).split(/\s+/).filter(Boolean).join(" ").slice(0, 300);
}

function stem(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.(ipynb|md|py)$/, "");
}
