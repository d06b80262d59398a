// The plugin: puts the parts together when a page of Jupyter starts.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { PageConfig } from "@jupyterlab/coreutils";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { Learner } from "./learner.ts";
import { addStyle } from "./look.ts";
import { pageAt, placeIn } from "./place.ts";
import { settingsOf } from "./settings.ts";

const plugin: JupyterFrontEndPlugin<void> = {
  id: "nbh-notebook:plugin",
  description: "A notebook as learners see it.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ISettingRegistry],
  activate,
};

// Nothing here is waited for: a page is not ready later because of us.
function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  registry: ISettingRegistry | null,
): void {
  const base = PageConfig.getBaseUrl().replace(/\/$/, "");
  const page = pageAt(window.location.pathname.slice(new URL(base).pathname.length));
  if (page === "other") return;
  addStyle();
  const learner = new Learner(app, placeIn(window.location.search));
  if (page === "notebook") learner.begin();
  const follow = (panel: NotebookPanel) => void learner.opens(panel);
  tracker.widgetAdded.connect((_, panel) => follow(panel));
  tracker.forEach(follow);
  void registry?.load(plugin.id).then((read) => {
    const tell = () => learner.heeds(settingsOf(read.composite as Record<string, unknown>));
    read.changed.connect(tell);
    tell();
  });
}

export default plugin;
