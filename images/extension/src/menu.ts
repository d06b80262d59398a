// The one menu. Its entries are Jupyter commands, so that they can be bound to keys too.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Menu } from "@lumino/widgets";
import { ACTIONS, OF_A_PLACE, type Scene } from "./actions.ts";
import { ENTRIES, type Settings } from "./settings.ts";
import type { Words } from "./words.ts";

// The public extension jupyterlab-nbhosting has commands of its own called `nbhosting:…`.
const commandOf = (entry: string): string => `nbh:${entry}`;

/** Jupyter's own commands that a course can leave to its students. */
const MORE = [
  { name: "files", command: "filebrowser:toggle-main", elsewhere: "application:open-tree" },
  { name: "launcher", command: "launcher:create", elsewhere: "" },
  { name: "palette", command: "apputils:activate-command-palette", elsewhere: "" },
] as const;

/** Registers what the menu does; `scene` is null while no notebook is there. */
export function addCommands(
  app: JupyterFrontEnd,
  words: () => Words,
  scene: () => Scene | null,
): void {
  for (const entry of ENTRIES) {
    app.commands.addCommand(commandOf(entry), {
      label: () => words().entries[entry],
      isEnabled: () => scene() !== null,
      isVisible: () => !OF_A_PLACE.includes(entry) || Boolean(scene()?.place),
      execute: async () => {
        const now = scene();
        if (now !== null) await ACTIONS[entry](now);
      },
    });
  }
  for (const { name, command, elsewhere } of MORE) {
    app.commands.addCommand(commandOf(name), {
      label: () => words()[name],
      isVisible: () => existing(app, command, elsewhere) !== null,
      execute: () => app.commands.execute(existing(app, command, elsewhere) ?? ""),
    });
  }
}

/** Fills the menu as the course wishes. */
export function fill(menu: Menu, settings: Settings): void {
  menu.clearItems();
  for (const entry of settings.menu) menu.addItem({ command: commandOf(entry) });
  const more = [
    ...(settings.fileBrowser ? ["files"] : []),
    ...(settings.launcher ? ["launcher"] : []),
    ...(settings.palette ? ["palette"] : []),
  ];
  if (settings.short && more.length > 0) {
    menu.addItem({ type: "separator" });
    for (const name of more) menu.addItem({ command: commandOf(name) });
  }
}

function existing(app: JupyterFrontEnd, ...commands: string[]): string | null {
  return commands.find((each) => each && app.commands.hasCommand(each)) ?? null;
}
