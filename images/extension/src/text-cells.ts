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

function lock(cell: Cell, readOnly: boolean): void {
  // else it would be written into the notebook
  cell.syncEditable = false;
  cell.readOnly = readOnly || cell.model.getMetadata("editable") === false;
  cell.toggleClass("nbh-kept", cell.readOnly);
  if (cell.model.type === "markdown") (cell as MarkdownCell).showEditorForReadOnly = !readOnly;
}
