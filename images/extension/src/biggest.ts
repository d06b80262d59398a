// What takes most of a student's share of the disk, and a way to be rid of it.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Widget } from "@lumino/widgets";
import { tell } from "./dialogs.ts";
import { size } from "./lines.ts";
import type { Disk } from "./news.ts";
import type { Words } from "./words.ts";

/** What the lab says (`api/nbh/biggest`): bytes of files, entries of folders. */
interface Biggest {
  readonly files: readonly Found[];
  readonly folders: readonly Found[];
}

interface Found {
  readonly path: string;
  readonly size: number;
}

/** `open` is the notebook of the page, which is not deleted there. */
export async function showBiggest(
  app: JupyterFrontEnd,
  base: string,
  disk: Disk,
  open: string,
  words: Words,
): Promise<void> {
  let found: Biggest;
  try {
    const answer = await fetch(`${base}api/nbh/biggest`, { cache: "no-store" });
    found = (await answer.json()) as Biggest;
    if (!answer.ok) throw new Error(answer.statusText);
  } catch {
    return tell(words.biggest.title, words.biggest.unknown, words);
  }
  const isOfFiles = disk.of === "files";
  const rows = isOfFiles ? found.folders : found.files;
  const body = table(rows, (row, button) => void remove(app, row.path, button, words), {
    isDeletable: ({ path }) => !isOfFiles && path !== open && !/(^|\/)\./.test(path),
    measure: ({ size: taken }) => (isOfFiles ? words.biggest.entries(taken) : size(taken, words)),
    remove: words.biggest.remove,
    top: words.biggest.top,
  });
  await tell(words.biggest.title, body, words);
}

/** Asks once more at the same place: Jupyter opens one dialog at a time. */
async function remove(app: JupyterFrontEnd, path: string, button: HTMLButtonElement, words: Words): Promise<void> {
  const { biggest } = words;
  if (button.textContent !== biggest.removeAsk) {
    button.textContent = biggest.removeAsk;
    button.setAttribute("aria-label", `${biggest.removeAsk} ${path}`);
    return;
  }
  try {
    await app.serviceManager.contents.delete(path);
    become(button, biggest.removed);
  } catch {
    become(button, biggest.notRemoved);
  }
}

/** Who was on the button is on what it says now, and hears it. */
function become(button: HTMLButtonElement, textContent: string): void {
  const had = document.activeElement === button;
  const node = Object.assign(document.createElement("span"), { textContent, tabIndex: -1 });
  button.replaceWith(node);
  if (had) node.focus();
}

interface Columns {
  readonly isDeletable: (row: Found) => boolean;
  readonly measure: (row: Found) => string;
  readonly remove: string;
  readonly top: string;
}

function table(
  rows: readonly Found[],
  removes: (row: Found, button: HTMLButtonElement) => void,
  { isDeletable, measure, remove, top }: Columns,
): Widget {
  const node = document.createElement("table");
  node.className = "nbh-Biggest";
  for (const row of rows) {
    const line = node.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = row.path || top;
    line.append(head);
    line.insertCell().textContent = measure(row);
    const last = line.insertCell();
    if (!isDeletable(row)) continue;
    const button = document.createElement("button");
    button.textContent = remove;
    button.setAttribute("aria-label", `${remove} ${row.path}`);
    button.addEventListener("click", () => removes(row, button));
    last.append(button);
  }
  return new Widget({ node });
}
