// One learner's page: its header, its notebook, and what the course says of both.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { Menu } from "@lumino/widgets";
import type { Scene } from "./actions.ts";
import { keepAddress } from "./address.ts";
import { Header } from "./header.ts";
import { Height } from "./height.ts";
import { rebind } from "./keys.ts";
import * as look from "./look.ts";
import { addCommands, fill } from "./menu.ts";
import * as names from "./names.ts";
import { oneAtATime } from "./one-save.ts";
import { rescueUrl, shownAt, type Place } from "./place.ts";
import { after, type Saving, type Told } from "./saving.ts";
import { DEFAULTS, type Settings } from "./settings.ts";
import { isKept, keep, whenReadAnew } from "./text-cells.ts";
import { hasMoveButtons, titleOf, versionOf } from "./title.ts";
import { Watch } from "./watch.ts";
import { languageOf, WORDS, type Words } from "./words.ts";

/** Jupyter's commands whose keys do nothing where the body has the class. */
const OUT_OF_REACH = [
  ["apputils:activate-command-palette", look.NO_PALETTE],
  ["filebrowser:toggle-main", look.NO_FILES],
  ["application:toggle-left-area", look.NO_FILES],
  ["launcher:create", look.NO_LAUNCHER],
] as const;

/** As in nbhosting's first notebooks (U6). */
const MOVES = [
  ["Shift U", "notebook:move-cell-up"],
  ["Shift D", "notebook:move-cell-down"],
] as const;
const COMMAND_MODE = ".jp-Notebook.jp-mod-commandMode:not(.jp-mod-readWrite) :focus";

/** One of the public extension jupyterlab-nbhosting, whose entries stand in Jupyter's own menus. */
const PUBLIC = "nbhosting:reset-to-original";

export class Learner {
  private settings = DEFAULTS;
  private panel: NotebookPanel | null = null;
  private header: Header | null = null;
  private saving: Saving = "saved";
  private readonly menu: Menu;
  /** Whether the page tells by itself what becomes of its lab. */
  isWatched = false;

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly place: Place | null,
  ) {
    addCommands(
      app,
      () => this.words(),
      () => this.scene(),
    );
    this.menu = new Menu({ commands: app.commands });
    this.menu.id = "nbh-menu";
    this.bindKeys();
  }

  /** Shows the page as a learner's, before its notebook is there. */
  begin(): void {
    if (this.header !== null) return;
    look.wear(this.settings);
    fill(this.menu, this.settings);
    const save = () => void this.app.commands.execute("nbh:save");
    this.header = new Header(this.words(), this.menu, save, this.wayOut());
    // the line of Notebook's menu; JupyterLab's line of menus is its top
    const area = "menu" in this.app.shell ? "menu" : "top";
    this.app.shell.add(this.header, area, { rank: 1 });
    const opened = shownAt(window.location.pathname);
    keepAddress(window, () => this.shown(opened));
    void this.app.restored.then(() => {
      look.alone(this.app.shell, this.settings);
      this.showsMenu();
    });
  }

  /** A notebook is opened in this page. */
  async opens(panel: NotebookPanel): Promise<void> {
    await panel.context.ready;
    oneAtATime(panel.context);
    this.panel = panel;
    this.begin();
    this.follow(panel);
    this.applies();
    whenReadAnew(panel, () => this.applies());
    this.watches(panel);
    names.give(panel.content.node, () => this.words());
    new Height(panel.content.node);
  }

  /** What the course says is known, or has changed. */
  heeds(settings: Settings): void {
    this.settings = settings;
    if (this.header === null) return;
    look.wear(settings);
    void this.app.restored.then(() => look.alone(this.app.shell, settings));
    fill(this.menu, settings);
    this.header.speak(this.words());
    this.showsMenu();
    this.applies();
  }

  /** Of two that do the same, a learner sees one. */
  private showsMenu(): void {
    const isTwice = !this.settings.short && this.app.commands.hasCommand(PUBLIC);
    this.header?.hasMenu(this.menu.items.length > 0 && !isTwice);
  }

  /** Outside nbhosting there is nobody to ask. */
  private watches(panel: NotebookPanel): void {
    const capability = this.capability();
    if (capability === null) return;
    this.isWatched = true;
    new Watch(panel, `/${capability}/`, () => this.sceneOf(panel));
  }

  /** Leads to the page that needs no lab, in a tab of its own: what is not saved stays in this one. */
  private wayOut(): (() => void) | null {
    const capability = this.capability();
    if (capability === null) return null;
    const shown = shownAt(window.location.pathname);
    return () => {
      const notebook = this.panel?.context.path ?? shown;
      window.open(rescueUrl(capability, notebook), "_blank", "noopener");
    };
  }

  /** The document that somebody is in; before they come, the notebook that was opened. */
  private shown(opened: string): string {
    const { currentWidget } = this.app.shell;
    const current = currentWidget as Partial<Pick<NotebookPanel, "context">> | null;
    if (current?.context) return current.context.path;
    if (this.panel === null) return opened;
    return current === null && !this.panel.isDisposed ? this.panel.context.path : "";
  }

  private capability(): string | null {
    const found = /^\/(\d+)\//.exec(window.location.pathname);
    return found && this.place && found[1]!;
  }

  private applies(): void {
    if (this.panel === null) return;
    keep(this.panel, this.settings.textIsReadOnly);
    this.names();
  }

  private follow(panel: NotebookPanel): void {
    const { context } = panel;
    context.saveState.connect((_, state) => {
      this.hears(state);
      // what was written while it was being saved
      if (state !== "started" && context.model.dirty) this.hears("dirty");
    });
    context.model.stateChanged.connect((_, change) => {
      if (change.name === "dirty") this.hears(change.newValue ? "dirty" : "clean");
    });
    this.hears(context.model.dirty ? "dirty" : "clean");
    context.model.metadataChanged.connect(() => this.names());
    context.pathChanged.connect(() => this.names());
  }

  private hears(told: Told): void {
    this.saving = after(this.saving, told);
    this.header?.shows(this.saving);
  }

  private names(): void {
    if (this.panel === null) return;
    const { metadata } = this.panel.context.model;
    this.header?.names(titleOf(metadata, this.panel.context.path), versionOf(metadata));
    document.body.classList.toggle(look.NO_MOVING, !hasMoveButtons(metadata));
  }

  private bindKeys(): void {
    const { commands } = this.app;
    commands.addCommand("nbh:nothing", { execute: () => undefined });
    for (const [command, where] of OUT_OF_REACH) rebind(commands, command, "nbh:nothing", where);
    commands.addCommand("nbh:enter", { execute: () => commands.execute(this.entered()) });
    rebind(commands, "notebook:enter-edit-mode", "nbh:enter", look.ENTER_MOVES_ON);
    for (const [key, command] of MOVES) {
      commands.addKeyBinding({ command, keys: [key], selector: COMMAND_MODE });
    }
  }

  private entered(): string {
    const cell = this.panel?.content.activeCell;
    const moves = cell && isKept(cell);
    return moves ? "notebook:move-cursor-down" : "notebook:enter-edit-mode";
  }

  private words(): Words {
    return WORDS[languageOf(this.settings.language, navigator.languages)];
  }

  private scene(): Scene | null {
    return this.panel && this.sceneOf(this.panel);
  }

  private sceneOf(panel: NotebookPanel): Scene {
    const { app, place, settings } = this;
    return { app, panel, place, settings, words: this.words() };
  }
}
