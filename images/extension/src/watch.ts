// Watches over the lab behind a page, and tells its reader what becomes of it.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { takeOriginal, rescue, type Scene } from "./actions.ts";
import { showBiggest } from "./biggest.ts";
import { closeAll } from "./dialogs.ts";
import { Newer } from "./newer.ts";
import { heard, NOTHING, noticeOf, putAway, type Disk, type Known, type News, type Notice } from "./news.ts";
import { NoticeBar } from "./notice-bar.ts";
import { Running } from "./running.ts";
import { toldOf, type Doing } from "./telling.ts";

/** Milliseconds between two questions to the router: while all is well, and while it is not. */
const CALM = 20_000;
const ALERT = 2_000;
/** For so long after a kernel has ended: why, the router hears a moment later. */
const ALERT_FOR = 15_000;
const ANSWERS_WITHIN = 5_000;
const QUOTED = 40;

export class Watch {
  private known: Known = { ...NOTHING, began: Date.now() };
  private readonly bar = new NoticeBar();
  private readonly about: string;
  private readonly running: Running;
  private readonly newer: Newer;
  private asking = false;
  private asked = 0;
  private alertUntil = 0;
  private wasConnected = false;

  /** `base` is the lab's own path, `/<capability>/`; `scene` is as it is when it is asked. */
  constructor(
    private readonly panel: NotebookPanel,
    private readonly base: string,
    private readonly scene: () => Scene,
  ) {
    const { serviceManager } = scene().app;
    this.about = `/-/lab/${base.replaceAll("/", "")}`;
    this.running = new Running(panel, () => (this.alertUntil = Date.now() + ALERT_FOR));
    this.newer = new Newer(panel, this.about, (path) => textOf(scene(), path), () => takeOriginal(scene()));
    serviceManager.connectionFailure.connect(() => this.isSilent());
    panel.sessionContext.connectionStatusChanged.connect((_, status) => this.hears(status));
    document.addEventListener("visibilitychange", () => {
      this.asked = 0; // who comes back to a page is told at once
      void this.look();
    });
    this.hears(panel.sessionContext.session?.kernel?.connectionStatus ?? "");
    const ticking = setInterval(() => void this.look(), 1000);
    panel.disposed.connect(() => {
      clearInterval(ticking);
      this.bar.dispose();
    });
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
    this.tell();
    const isCalm = this.known.silentSince === null && Date.now() > this.alertUntil;
    const isDue = Date.now() - this.asked >= (isCalm ? CALM : ALERT) && this.known.ended === null;
    if (document.hidden || this.asking || !isDue) return;
    this.asking = true;
    await this.ask();
    this.asked = Date.now();
    this.asking = false;
  }

  private async ask(): Promise<void> {
    try {
      const answer = await fetched(this.about);
      if (answer.ok) await this.take((await answer.json()) as News);
      if (this.known.silentSince !== null) await this.askTheLab();
    } catch {
      this.isSilent();
    }
  }

  private async take(news: News): Promise<void> {
    this.known = heard(this.known, news, Date.now());
    if (news.ended !== null) return leaveAlone(this.scene().app);
    const isNewer = await this.newer.isThere(news.commit ?? "");
    if (isNewer !== null) {
      const before = this.known.putAway.filter((each) => each !== "newer");
      this.known = { ...this.known, isNewer, putAway: before };
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

  private tell(): void {
    const told = toldOf(noticeOf(this.known, Date.now()), this.scene().words, this.doing());
    // one of several notebooks of a page is seen, and tells
    if (told === null || !this.panel.isVisible) this.bar.hide();
    else this.bar.show(told, this.scene().words);
  }

  private doing(): Doing {
    const { model } = this.panel.context;
    return {
      rescue: model.dirty ? () => rescue(this.panel) : null,
      stay: () => void this.stays(),
      cell: this.quoted(),
      showCell: () => this.showCell(),
      showBiggest: (disk) => void this.biggest(disk),
      showDifference: () => void this.difference(),
      take: () => void this.newer.takeIt(this.scene().words),
      keep: () => void this.keeps(),
      putAway: (notice) => this.putsAway(notice),
    };
  }

  /** A save is what the policy of idleness takes for work. */
  private async stays(): Promise<void> {
    await this.panel.context.save();
    if (this.known.stopsFor !== "age") this.known = { ...this.known, stopsAt: null };
    this.tell();
  }

  private putsAway(notice: Notice): void {
    this.known = putAway(this.known, notice);
    this.tell();
  }

  private async keeps(): Promise<void> {
    if (await this.newer.keep()) this.putsAway({ kind: "newer" });
  }

  private async difference(): Promise<void> {
    if (await this.newer.show(this.scene().words)) this.putsAway({ kind: "newer" });
  }

  private async biggest(disk: Disk): Promise<void> {
    const { app, words } = this.scene();
    await showBiggest(app, this.base, disk, this.panel.context.path, words);
  }

  private quoted(): string {
    const source = this.running.last?.model.sharedModel.getSource() ?? "";
    const line = source.split("\n").find((each) => each.trim() !== "")?.trim() ?? "";
    return line.length > QUOTED ? `${line.slice(0, QUOTED)}…` : line;
  }

  private showCell(): void {
    const { content } = this.panel;
    const at = content.widgets.findIndex((each) => each === this.running.last);
    if (at < 0) return;
    content.activeCellIndex = at;
    void content.scrollToItem(at, "center");
    content.activate();
  }
}

function fetched(url: string): Promise<Response> {
  const signal = AbortSignal.timeout(ANSWERS_WITHIN);
  return fetch(url, { cache: "no-store", signal });
}

/** A lab that is gone is asked nothing: Jupyter's list of files, which nobody sees, would ask without a pause and open a dialog at each 404. */
function leaveAlone(app: JupyterFrontEnd): void {
  app.serviceManager.contents.get = () => new Promise(() => undefined);
  closeAll();
}

/** A file as it stands on the disk. */
async function textOf({ app }: Scene, path: string): Promise<string> {
  const file = await app.serviceManager.contents.get(path, { type: "file", format: "text", content: true });
  return String(file.content);
}
