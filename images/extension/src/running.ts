// Which cell was running when a kernel ended: Jupyter forgets it at once.
import type { Cell } from "@jupyterlab/cells";
import { NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";

const ENDS = ["restarting", "autorestarting", "dead"];

export class Running {
  private readonly waiting: Cell[] = [];
  private stopped: Cell | null = null;

  /** `ended` hears each time that a kernel goes. */
  constructor(panel: NotebookPanel, ended: () => void) {
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      if (notebook === panel.content) this.waiting.push(cell);
    });
    NotebookActions.executed.connect((_, { notebook, cell }) => {
      if (notebook === panel.content) this.forget(cell);
    });
    panel.sessionContext.statusChanged.connect((_, status) => {
      if (!ENDS.includes(status)) return;
      this.stopped = this.waiting[0] ?? this.stopped;
      this.waiting.length = 0;
      ended();
    });
  }

  /** The one that the last kernel left undone, if it is still there. */
  get last(): Cell | null {
    return this.stopped?.isDisposed ? null : this.stopped;
  }

  private forget(cell: Cell): void {
    const at = this.waiting.indexOf(cell);
    if (at >= 0) this.waiting.splice(at, 1);
  }
}
