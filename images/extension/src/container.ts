// What JupyterLab loads: a module-federation container with one module, written by hand.
//
// JupyterLab calls `init` with what it shares and then `get` for the module that package.json names.
// A container that webpack generates brings a loader of its own, ten times this file.

interface Shared {
  get(): Promise<() => unknown> | (() => unknown);
  loaded?: unknown;
}

/** What is shared: by package, then by version. */
type Scope = Record<string, Record<string, Shared>>;

declare const NAME: string;
/** The shared packages that the plugin imports. */
declare const ASKED: readonly string[];
declare function plugin(require: (name: string) => unknown, module: { exports: unknown }): void;

let shared: Scope = {};

async function moduleOf(name: string): Promise<[string, unknown]> {
  const versions = Object.values(shared[name] ?? {});
  const chosen = versions.find((each) => each.loaded) ?? versions[0];
  if (chosen === undefined) throw new Error(`${NAME}: ${name} is not shared by this JupyterLab`);
  return [name, (await chosen.get())()];
}

async function get(): Promise<() => unknown> {
  const modules = new Map(await Promise.all(ASKED.map(moduleOf)));
  const module = { exports: {} };
  plugin((name) => modules.get(name), module);
  return () => module.exports;
}

const all = ((window as { _JUPYTERLAB?: Record<string, unknown> })._JUPYTERLAB ??= {});
all[NAME] = {
  init: (given: Scope) => {
    shared = given;
  },
  get,
};

export {};
