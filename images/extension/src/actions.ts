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
  reset: ({ panel, place, words }) =>
    leaveFor(panel, resetUrl(place!, panel.context.path), words.entries.reset, words.resetAsk, words.reset, words),
  "undo-reset": ({ panel, place, words }) =>
    leaveFor(panel, undoUrl(place!, panel.context.path), words.entries["undo-reset"], words.undoAsk, words.undo, words),
  share,
  "student-id": ({ place, words }) =>
    show(plain(words.entries["student-id"]), words.studentIs, place!.student, words),
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

/** What stands in the page is saved first: a reset keeps what is on disk. */
async function leaveFor(
  panel: NotebookPanel,
  url: string,
  title: string,
  ask: string,
  yes: string,
  words: Words,
): Promise<void> {
  if (!(await agrees(plain(title), ask, yes, words))) return;
  await panel.context.save();
  window.location.assign(url);
}

async function share({ panel, place, words }: Scene): Promise<void> {
  await panel.context.save();
  const title = words.shared;
  try {
    const answer = await fetch(shareUrl(place!, panel.context.path), {
      method: "POST",
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(20_000),
    });
    const said = (await answer.json()) as { url?: string; error?: string };
    if (said.url) await show(title, words.sharedIs, said.url, words);
    else await tell(title, `${words.notShared} ${said.error ?? ""}`, words);
  } catch {
    await tell(title, words.notShared, words);
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
