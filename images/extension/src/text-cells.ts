// Cells of text that a notebook has when it is opened cannot be changed by mistake (U5).
import type { Cell, MarkdownCell } from "@jupyterlab/cells";
import type { NotebookPanel } from "@jupyterlab/notebook";

/** A cell of text that the course has not declared editable. */
export function isKept(cell: Cell): boolean {
  return cell.model.type !== "code" && cell.model.getMetadata("editable") !== true;
}

/** Makes the cells of text that are there read-only, or as they were. */
export function keep(panel: NotebookPanel, readOnly: boolean): void {
  panel.content.widgets.filter(isKept).forEach((cell) => lock(cell, readOnly));
}

/** Calls when a notebook is read anew from the disk: then all of its cells are others at once. */
export function whenReadAnew(panel: NotebookPanel, call: () => void): void {
  const cells = () => new Set<unknown>(panel.content.widgets.map(({ model }) => model));
  let known = cells();
  let waits = false;
  panel.content.model?.cells.changed.connect(() => {
    if (waits) return;
    waits = true;
    // what is taken away and what comes are two changes of one moment
    queueMicrotask(() => {
      waits = false;
      const now = cells();
      if (isAnother(known, now)) call();
      known = now;
    });
  });
}

/** One cell alone may be what is left when somebody has deleted all others. */
function isAnother(before: ReadonlySet<unknown>, now: ReadonlySet<unknown>): boolean {
  return Math.max(before.size, now.size) > 1 && ![...now].some((each) => before.has(each));
}

function lock(cell: Cell, readOnly: boolean): void {
  // else it would be written into the notebook
  cell.syncEditable = false;
  cell.readOnly = readOnly || cell.model.getMetadata("editable") === false;
  cell.toggleClass("nbh-kept", cell.readOnly);
  if (cell.model.type === "markdown") (cell as MarkdownCell).showEditorForReadOnly = !readOnly;
}
