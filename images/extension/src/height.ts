// Tells the platform that asks how high all of a notebook is, so that its frame need not scroll.

/** What a platform says to its frame, and what it hears with `height` in it: CSS pixels. */
const WORD = "nbh-height";

export class Height {
  /** Who asked; nobody else is told. */
  private asker = "";
  private told = 0;

  /** `notebook` is the node that scrolls its cells. */
  constructor(private readonly notebook: HTMLElement) {
    if (window.parent !== window) window.addEventListener("message", (said) => void this.hears(said));
  }

  private async hears({ source, origin, data }: MessageEvent<unknown>): Promise<void> {
    if (source !== window.parent || data !== WORD) return;
    if (origin !== this.asker && !(await platforms()).includes(origin)) return;
    if (this.asker === "") this.follow();
    this.asker = origin;
    this.told = 0;
    this.tell();
  }

  private follow(): void {
    const changes = new ResizeObserver(() => this.tell());
    for (const each of [this.notebook, ...this.parts()]) changes.observe(each);
  }

  private tell(): void {
    const height = this.measured();
    if (height === this.told) return;
    this.told = height;
    window.parent.postMessage({ [WORD]: height }, this.asker);
  }

  /** All cells, and what stands around them. */
  private measured(): number {
    const cells = this.parts().reduce((sum, part) => sum + part.offsetHeight, 0);
    const around = document.documentElement.clientHeight - this.notebook.clientHeight;
    return Math.ceil(around + cells + MARGIN);
  }

  private parts(): HTMLElement[] {
    return [...this.notebook.querySelectorAll<HTMLElement>(".jp-WindowedPanel-inner, .jp-Notebook-footer")];
  }
}

/** Below the last cell, and Jupyter's own paddings. */
const MARGIN = 24;

/** Those that may show us in a frame, as the router knows them; nobody where it does not answer. */
async function platforms(): Promise<readonly string[]> {
  try {
    const answer = await fetch("/-/platforms", { signal: AbortSignal.timeout(5_000) });
    return ((await answer.json()) as { origins: string[] }).origins;
  } catch {
    return [];
  }
}
