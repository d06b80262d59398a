// What is different between two texts, line by line. Pure.

/** A line that both have (" "), that only the first has ("-") or only the second ("+"); "…" stands for many that both have. */
export type Line = readonly [sign: " " | "-" | "+" | "…", text: string];

/** More lines than that, after what is the same at both ends, are not compared one by one. */
const MOST = 3000;
/** Lines that are the same and stand around what is not. */
const AROUND = 2;

/** What changes from `one` to `other`; empty if nothing does. */
export function difference(one: readonly string[], other: readonly string[]): Line[] {
  let head = 0;
  while (head < one.length && head < other.length && one[head] === other[head]) head++;
  let tail = 0;
  const least = Math.min(one.length, other.length) - head;
  while (tail < least && one.at(-1 - tail) === other.at(-1 - tail)) tail++;
  const [left, right] = [one.slice(head, one.length - tail), other.slice(head, other.length - tail)];
  if (left.length + right.length === 0) return [];
  const all: Line[] = [
    ...one.slice(0, head).map((text): Line => [" ", text]),
    ...between(left, right),
    ...one.slice(one.length - tail).map((text): Line => [" ", text]),
  ];
  return shortened(all);
}

/** The longest common subsequence, by dynamic programming: a notebook has hundreds of lines. */
function between(one: readonly string[], other: readonly string[]): Line[] {
  const gone = one.map((text): Line => ["-", text]);
  const come = other.map((text): Line => ["+", text]);
  if (one.length + other.length > MOST) return [...gone, ...come];
  const common = table(one, other);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < one.length && j < other.length) {
    if (one[i] === other[j]) lines.push([" ", one[i++]!]), j++;
    else if (common[i + 1]![j]! >= common[i]![j + 1]!) lines.push(gone[i++]!);
    else lines.push(come[j++]!);
  }
  return [...lines, ...gone.slice(i), ...come.slice(j)];
}

/** How many lines are common to what follows `i` and `j`. */
function table(one: readonly string[], other: readonly string[]): Uint16Array[] {
  const rows = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      const [here, below] = [rows[i]!, rows[i + 1]!];
      here[j] = one[i] === other[j] ? below[j + 1]! + 1 : Math.max(below[j]!, here[j + 1]!);
    }
  }
  return rows;
}

function shortened(lines: readonly Line[]): Line[] {
  const isNear = (at: number) => lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(([sign]) => sign !== " ");
  const kept: Line[] = [];
  lines.forEach((line, at) => {
    if (isNear(at)) kept.push(line);
    else if (kept.at(-1)?.[0] !== "…") kept.push(["…", ""]);
  });
  return kept;
}
