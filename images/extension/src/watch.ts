// Watches over the lab behind a page, and tells its reader what becomes of it.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { clock, heard, NOTHING, noticeOf, type Known, type News, type Notice } from "./news.ts";
import { NoticeBar, type Deed } from "./notice-bar.ts";
import type { Words } from "./words.ts";

/** Milliseconds between two questions to the router: while all is well, and while it is not. */
const CALM = 20_000;
const ALERT = 2_000;
const ANSWERS_WITHIN = 5_000;

export class Watch {
  private known: Known = NOTHING;
  private readonly bar = new NoticeBar();
  private asking = false;
  private asked = 0;
  private wasConnected = false;

  /** `base` is the lab's own path, `/<capability>/`. */
  constructor(
    app: JupyterFrontEnd,
    private readonly panel: NotebookPanel,
    private readonly base: string,
    private readonly words: () => Words,
    private readonly rescue: () => void,
  ) {
    app.serviceManager.connectionFailure.connect(() => this.isSilent());
    panel.sessionContext.connectionStatusChanged.connect((_, status) => this.hears(status));
    document.addEventListener("visibilitychange", () => void this.look());
    this.hears(panel.sessionContext.session?.kernel?.connectionStatus ?? "");
    const ticking = setInterval(() => void this.look(), 1000);
    panel.disposed.connect(() => clearInterval(ticking));
  }

  private hears(status: string): void {
    if (status === "connected") {
      this.wasConnected = true;
      this.known = { ...this.known, silentSince: null };
    } else if (this.wasConnected) this.isSilent();
  }

  private isSilent(): void {
    this.known = { ...this.known, silentSince: this.known.silentSince ?? Date.now() };
  }

  private async look(): Promise<void> {
    this.tell(noticeOf(this.known, Date.now()));
    const pause = this.known.silentSince === null ? CALM : ALERT;
    const isDue = Date.now() - this.asked >= pause && this.known.ended === null;
    if (document.hidden || this.asking || !isDue) return;
    this.asking = true;
    await this.ask();
    this.asked = Date.now();
    this.asking = false;
  }

  private async ask(): Promise<void> {
    try {
      const news = await fetched(`/-/lab/${this.base.replaceAll("/", "")}`);
      if (news.ok) this.known = heard(this.known, (await news.json()) as News, Date.now());
      if (this.known.silentSince !== null) await this.askTheLab();
    } catch {
      this.isSilent();
    }
  }

  /** A frozen lab goes on when it is asked, and its kernels' connections are made anew. */
  private async askTheLab(): Promise<void> {
    const { ok } = await fetched(`${this.base}api/status`);
    const status = this.panel.sessionContext.session?.kernel?.connectionStatus;
    if (ok && (status === "connected" || status === undefined)) {
      this.known = { ...this.known, silentSince: null };
    }
  }

  private tell(notice: Notice): void {
    const words = this.words().notices;
    switch (notice.kind) {
      case "nothing":
        return this.bar.hide();
      case "reconnecting":
        return this.bar.show(words.reconnecting, "", []);
      case "ended":
        return this.bar.show(words.ended(notice.reason), "", this.lastDeeds());
      case "stops":
        return this.bar.show(words.stops(notice.reason), clock(notice.seconds), [
          [notice.reason === "age" ? words.save : words.stay, () => void this.stays()],
        ]);
    }
  }

  /** A save is what the policy of idleness takes for work. */
  private async stays(): Promise<void> {
    await this.panel.context.save();
    if (this.known.stopsFor !== "age") this.known = { ...this.known, stopsAt: null };
  }

  private lastDeeds(): Deed[] {
    return this.panel.context.model.dirty ? [[this.words().notices.rescue, this.rescue]] : [];
  }
}

function fetched(url: string): Promise<Response> {
  const signal = AbortSignal.timeout(ANSWERS_WITHIN);
  return fetch(url, { cache: "no-store", signal });
}
