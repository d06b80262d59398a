// What a course says in schema/plugin.json's words. Pure.

export const ENTRIES = [
  "save",
  "download",
  "reset",
  "undo-reset",
  "share",
  "student-id",
  "restart",
  "help",
] as const;

/** What the menu can hold. */
export type Entry = (typeof ENTRIES)[number];

export interface Settings {
  readonly short: boolean;
  readonly menu: readonly Entry[];
  /** Names of tools in Jupyter's toolbar that stay. */
  readonly toolbar: readonly string[];
  readonly textIsReadOnly: boolean;
  readonly enterMovesOn: boolean;
  readonly fileBrowser: boolean;
  readonly launcher: boolean;
  readonly palette: boolean;
  /** A URL; empty for none. */
  readonly help: string;
  readonly language: "auto" | "en" | "fr";
}

/** What holds until the course's settings are there. */
export const DEFAULTS: Settings = {
  short: true,
  menu: ENTRIES,
  toolbar: ["insert", "run", "interrupt", "restart", "restart-and-run", "executionProgress"],
  textIsReadOnly: true,
  enterMovesOn: true,
  fileBrowser: false,
  launcher: false,
  palette: false,
  help: "",
  language: "auto",
};

/** Jupyter has checked them against the schema and filled in its defaults. */
export function settingsOf(said: Readonly<Record<string, unknown>>): Settings {
  const menu = (said.menu as string[] | undefined) ?? DEFAULTS.menu;
  return {
    short: said.interface !== "full",
    menu: ENTRIES.filter((each) => menu.includes(each)).sort(
      (one, other) => menu.indexOf(one) - menu.indexOf(other),
    ),
    toolbar: (said.toolbar as string[] | undefined) ?? DEFAULTS.toolbar,
    textIsReadOnly: said.textCells !== "editable",
    enterMovesOn: said.enterMovesOn !== false,
    fileBrowser: said.fileBrowser === true,
    launcher: said.launcher === true,
    palette: said.palette === true,
    help: asLink(said.help),
    language: said.language === "en" || said.language === "fr" ? said.language : "auto",
  };
}

function asLink(said: unknown): string {
  return typeof said === "string" && /^https?:\/\//.test(said) ? said : "";
}
