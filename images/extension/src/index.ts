// The plugins: put the parts together when a page of Jupyter starts.
import {
  ConnectionLost,
  IConnectionLost,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { PageConfig } from "@jupyterlab/coreutils";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { Learner } from "./learner.ts";
import { addStyle } from "./look.ts";
import { pageAt, placeIn } from "./place.ts";
import { keepQuiet } from "./quiet.ts";
import { settingsOf } from "./settings.ts";
import { keepInThePage } from "./storage.ts";

const ID = "nbh-notebook:plugin";

function plugins(): [JupyterFrontEndPlugin<void>, JupyterFrontEndPlugin<IConnectionLost>] {
  let learner: Learner | null = null;
  const learners: JupyterFrontEndPlugin<void> = {
    id: ID,
    description: "A notebook as learners see it.",
    autoStart: true,
    requires: [INotebookTracker],
    optional: [ISettingRegistry],
    activate: (app: JupyterFrontEnd, tracker: INotebookTracker, registry: ISettingRegistry | null) => {
      learner = begun(app, tracker, registry);
    },
  };
  const lost: JupyterFrontEndPlugin<IConnectionLost> = {
    id: "nbh-notebook:connection-lost",
    description: "No dialog where a page says by itself that it reconnects.",
    autoStart: true,
    provides: IConnectionLost,
    activate: () => async (...told: Parameters<IConnectionLost>) => {
      if (!learner?.isWatched) await ConnectionLost(...told);
    },
  };
  return [learners, lost];
}

// Nothing here is waited for: a page is not ready later because of us.
function begun(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  registry: ISettingRegistry | null,
): Learner | null {
  keepQuiet();
  const base = PageConfig.getBaseUrl().replace(/\/$/, "");
  const page = pageAt(window.location.pathname.slice(new URL(base).pathname.length));
  if (page === "other") return null;
  addStyle();
  const learner = new Learner(app, placeIn(window.location.search));
  if (page === "notebook") learner.begin();
  const follow = (panel: NotebookPanel) => void learner.opens(panel);
  tracker.widgetAdded.connect((_, panel) => follow(panel));
  tracker.forEach(follow);
  void registry?.load(ID).then((read) => {
    const tell = () => learner.heeds(settingsOf(read.composite as Record<string, unknown>));
    read.changed.connect(tell);
    tell();
  });
  return learner;
}

// Before any plugin of anybody is started.
keepInThePage(window);

export default plugins();
