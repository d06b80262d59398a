// What the menu does.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { agrees, keys, show, tell } from "./dialogs.ts";
import { resetUrl, shareUrl, undoUrl, type Place } from "./place.ts";
import type { Entry, Settings } from "./settings.ts";
import type { Words } from "./words.ts";

/** What an action is done with. */
export interface Scene {
  readonly app: JupyterFrontEnd;
  readonly panel: NotebookPanel;
  readonly place: Place | null;
  readonly settings: Settings;
  readonly words: Words;
}

/** Those that need to know whose notebook it is. */
export const OF_A_PLACE: readonly Entry[] = ["reset", "undo-reset", "share", "student-id"];

export const ACTIONS: Readonly<Record<Entry, (scene: Scene) => Promise<void>>> = {
  save: ({ panel }) => panel.context.save(),
  download,
  reset,
  // one click: what it takes away is kept in its turn, and the next one brings that back
  "undo-reset": ({ panel, place }) => leaveFor(panel, undoUrl(place!, panel.context.path)),
  share,
  "student-id": async ({ place, words }) => {
    await show(plain(words.entries["student-id"]), words.studentIs, place!.student, words);
  },
  restart,
  help,
};

async function download({ app, panel }: Scene): Promise<void> {
  await panel.context.save();
  take(await app.serviceManager.contents.getDownloadUrl(panel.context.path), "");
}

/** Downloads what stands in the page, as an .ipynb: the lab is not asked, which may be gone. */
export function rescue(panel: NotebookPanel): void {
  const text = JSON.stringify(panel.context.model.toJSON(), null, 1);
  const url = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
  take(url, `${panel.context.path.replace(/^.*\//, "").replace(/\.\w+$/, "")}.ipynb`);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function take(href: string, name: string): void {
  const link = document.createElement("a");
  Object.assign(link, { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** Puts the course's version in the place of theirs, which is kept beside it; asks nothing. */
export async function takeOriginal({ panel, place }: Pick<Scene, "panel" | "place">): Promise<void> {
  await leaveFor(panel, resetUrl(place!, panel.context.path));
}

async function reset(scene: Scene): Promise<void> {
  const { words } = scene;
  if (await agrees(plain(words.entries.reset), words.resetAsk, words.reset, words)) await takeOriginal(scene);
}

/** What stands in the page is saved first: a reset keeps what is on disk. */
async function leaveFor(panel: NotebookPanel, url: string): Promise<void> {
  await panel.context.save();
  window.location.assign(url);
}

/** What the router says of a share, or why there is none. */
interface Shared {
  readonly url?: string;
  readonly error?: string;
}

async function share(scene: Scene): Promise<void> {
  const { panel, place, words } = scene;
  await panel.context.save();
  const url = shareUrl(place!, panel.context.path);
  const said = await asked(url, "POST");
  if (said.url) return showShared(url, words.sharedIs, said.url, words);
  // it could not be made anew; what was shared before can be read still
  const before = await asked(url, "GET");
  const why = `${words.notShared} ${said.error ?? ""}`;
  if (before.url) return showShared(url, `${why} ${words.sharedBefore}`, before.url, words);
  await tell(words.shared, why, words);
}

async function showShared(url: string, body: string, link: string, words: Words): Promise<void> {
  if (!(await show(words.shared, body, link, words, words.withdraw))) return;
  if (!(await agrees(words.shared, words.withdrawAsk, words.withdraw, words))) return;
  const said = await asked(url, "DELETE");
  const failed = `${words.notWithdrawn} ${said.error ?? ""}`;
  await tell(words.shared, said.withdrawn ? words.withdrawn : failed, words);
}

async function asked(url: string, method: string): Promise<Shared & { withdrawn?: boolean }> {
  const headers = { Accept: "application/json" };
  try {
    const answer = await fetch(url, { method, headers, signal: AbortSignal.timeout(20_000) });
    return (await answer.json()) as Shared;
  } catch {
    return {};
  }
}

async function restart({ panel, words }: Scene): Promise<void> {
  const title = plain(words.entries.restart);
  if (await agrees(title, words.restartAsk, words.restart, words)) {
    await panel.sessionContext.restartKernel();
  }
}

async function help({ settings, words }: Scene): Promise<void> {
  if (settings.help) window.open(settings.help, "_blank", "noopener");
  else await tell(words.entries.help, keys(words.keys), words);
}

/** Without the three dots that say that something is asked first. */
function plain(entry: string): string {
  return entry.replace(/…$/, "");
}
