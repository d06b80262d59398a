// A notebook's file as lines that people read. Pure.
import type { Words } from "./words.ts";

interface Cell {
  readonly cell_type: string;
  readonly source: string | readonly string[];
}

/** What cells begin with in a notebook without a language of its own for that. */
const HEADS: Readonly<Record<string, string>> = { markdown: "[text]", raw: "[raw]", code: "[code]" };

/** The lines of a `.md` or `.py` without jupytext's own at its top; of an `.ipynb` those of its cells, without outputs. */
export function linesOf(text: string, path: string): string[] {
  if (!path.endsWith(".ipynb")) return withoutTop(text.replace(/\n$/, "").split("\n"));
  try {
    const cells = (JSON.parse(text) as { cells: readonly Cell[] }).cells;
    return cells.flatMap(({ cell_type, source }) => {
      const whole = typeof source === "string" ? source : source.join("");
      return [HEADS[cell_type] ?? "", ...whole.split("\n"), ""];
    });
  } catch {
    return text.split("\n");
  }
}

function withoutTop(lines: string[]): string[] {
  const [first] = lines;
  if (first !== "---" && first !== "# ---") return lines;
  return lines.slice(lines.indexOf(first, 1) + 1);
}

/** How much that is, in the units of the language: 460 MB. */
export function size(bytes: number, { units, point }: Pick<Words, "units" | "point">): string {
  const at = Math.min(units.length - 1, bytes > 0 ? Math.floor(Math.log2(bytes) / 10) : 0);
  const number = bytes / 1024 ** at;
  const short = number < 10 && at > 0 ? Math.round(number * 10) / 10 : Math.round(number);
  return `${String(short).replace(".", point)}\u00a0${units[at]}`;
}
