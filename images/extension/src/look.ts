// What is seen of Jupyter: classes of the body, which style/index.css reads, and JupyterLab's panels.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { Settings } from "./settings.ts";
import style from "../style/index.css";

export const SHORT = "nbh-short";
export const NO_PALETTE = "nbh-noPalette";
export const NO_FILES = "nbh-noFiles";
export const NO_LAUNCHER = "nbh-noLauncher";
export const NO_MOVING = "nbh-noMoving";
export const ENTER_MOVES_ON = "nbh-enterMovesOn";

type Side = "left" | "right";

interface LabShell {
  mode: string;
  collapseLeft(): void;
  collapseRight(): void;
  isSideTabBarVisible(side: Side): boolean;
  toggleSideTabBarVisibility(side: Side): void;
}

/** Jupyter's own, without which the tools that stay would not be where they belong. */
const FRAME = ["spacer", "toolbar-popup-opener"];

const tools = document.createElement("style");

/** Takes effect at once, also before anything is drawn. */
export function wear(settings: Settings): void {
  const { classList } = document.body;
  classList.toggle(SHORT, settings.short);
  classList.toggle(NO_PALETTE, settings.short && !settings.palette);
  classList.toggle(NO_FILES, settings.short && !settings.fileBrowser);
  classList.toggle(NO_LAUNCHER, settings.short && !settings.launcher);
  classList.toggle(ENTER_MOVES_ON, settings.enterMovesOn);
  tools.textContent = onlyTools(settings.toolbar);
}

/** Once in a page. */
export function addStyle(): void {
  const node = document.createElement("style");
  node.textContent = style;
  document.head.append(node, tools);
}

/** One document and nothing beside it, in JupyterLab; Notebook has no more than that. */
export function alone(shell: JupyterFrontEnd.IShell, settings: Settings): void {
  const lab = shell as Partial<LabShell>;
  if (!settings.short || lab.mode === undefined) return;
  lab.mode = "single-document";
  lab.collapseRight?.();
  showBar(lab, "right", false);
  showBar(lab, "left", settings.fileBrowser);
  if (!settings.fileBrowser) lab.collapseLeft?.();
}

function showBar(lab: Partial<LabShell>, side: Side, shown: boolean): void {
  if (lab.isSideTabBarVisible?.(side) !== shown) lab.toggleSideTabBarVisibility?.(side);
}

/** A rule and no class for each, since Jupyter adds and moves tools at any time. */
function onlyTools(names: readonly string[]): string {
  const kept = [...names, ...FRAME].map((name) => `[data-jp-item-name="${CSS.escape(name)}"]`);
  const bars = ":is(.jp-NotebookPanel-toolbar, .jp-Toolbar-responsive-popup)";
  return `.${SHORT} ${bars} > .jp-Toolbar-item:not(${kept.join(", ")}) { display: none; }`;
}
