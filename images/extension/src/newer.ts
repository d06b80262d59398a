// Whether the course has a new version of the notebook in a page, and what its reader does about it.
import type { NotebookPanel } from "@jupyterlab/notebook";
import { Widget } from "@lumino/widgets";
import { agrees, choose } from "./dialogs.ts";
import { difference, type Line } from "./difference.ts";
import { linesOf } from "./lines.ts";
import type { Words } from "./words.ts";

/** What the router says (`/-/lab/<capability>/original`). */
interface Original {
  readonly is_new: boolean;
  readonly text: string | null;
}

export class Newer {
  /** The revision of the course at which this was last asked. */
  private asked = "";
  private text: string | null = null;

  /** `about` is the router's address of the lab; `take` puts the course's version in the place of theirs. */
  constructor(
    private readonly panel: NotebookPanel,
    private readonly about: string,
    private readonly read: (path: string) => Promise<string>,
    private readonly take: () => Promise<void>,
  ) {}

  /** Whether there is one, once for each revision of the course; null if nothing was to be asked. */
  async isThere(commit: string): Promise<boolean | null> {
    if (commit === "" || commit === this.asked) return null;
    const answer = await fetch(this.url(), { cache: "no-store" });
    if (!answer.ok) return null;
    this.asked = commit;
    const said = (await answer.json()) as Original;
    this.text = said.text;
    return said.is_new;
  }

  /** Shows what is different, and does what its reader then decides; whether they keep theirs. */
  async show(words: Words): Promise<boolean> {
    const { newer } = words;
    switch (await choose(newer.title, await this.differences(words), [newer.keep, newer.take], words)) {
      case newer.take:
        await this.take();
        return false;
      case newer.keep:
        return this.keep();
      default:
        return false;
    }
  }

  /** Theirs stays as it was, beside it. */
  async takeIt(words: Words): Promise<void> {
    if (await agrees(words.newer.title, words.resetAsk, words.newer.take, words)) await this.take();
  }

  /** They are not told of this one again. */
  async keep(): Promise<boolean> {
    const { ok } = await fetch(this.url(), { method: "POST" });
    return ok;
  }

  private async differences(words: Words): Promise<Widget> {
    if (this.text === null) return paragraph(words.newer.notShown);
    await this.panel.context.save();
    const { path } = this.panel.context;
    const lines = difference(linesOf(await this.read(path), path), linesOf(this.text, path));
    return lines.length === 0 ? paragraph(words.newer.same) : shown(lines, words);
  }

  private url(): string {
    return `${this.about}/original?notebook=${encodeURIComponent(this.panel.context.path)}`;
  }
}

function paragraph(text: string): Widget {
  const node = document.createElement("p");
  node.textContent = text;
  return new Widget({ node });
}

/** Signs, not colours alone, say what comes and what goes. */
function shown(lines: readonly Line[], words: Words): Widget {
  const node = document.createElement("div");
  const legend = document.createElement("p");
  legend.textContent = words.newer.legend;
  const list = document.createElement("div");
  Object.assign(list, { className: "nbh-Difference", tabIndex: 0 });
  list.setAttribute("role", "region");
  list.setAttribute("aria-label", words.newer.title);
  for (const [sign, text] of lines) {
    const line = document.createElement(sign === "-" ? "del" : sign === "+" ? "ins" : "span");
    line.textContent = `${sign} ${text}`;
    list.append(line);
  }
  node.append(legend, list);
  return new Widget({ node });
}
