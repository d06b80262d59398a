// What a page's reader is told of their lab, and what they can do about it. Pure.
import { size } from "./lines.ts";
import { clock, type Disk, type Notice } from "./news.ts";
import type { Words } from "./words.ts";

/** A button: what it says, and what it does. */
export type Deed = readonly [label: string, does: () => void];

export interface Told {
  readonly text: string;
  /** What is left, as on a clock. */
  readonly time: string;
  readonly deeds: readonly Deed[];
}

/** What can be done. */
export interface Doing {
  /** Downloads what stands in the page; null where all of it is saved. */
  readonly rescue: (() => void) | null;
  readonly stay: () => void;
  /** How the cell begins that ran when the kernel ended; empty if nobody knows. */
  readonly cell: string;
  readonly showCell: () => void;
  readonly showBiggest: (disk: Disk) => void;
  readonly showDifference: () => void;
  readonly take: () => void;
  readonly keep: () => void;
  readonly putAway: (notice: Notice) => void;
}

/** Null for nothing. */
export function toldOf(notice: Notice, words: Words, doing: Doing): Told | null {
  const { notices } = words;
  const close: Deed = [notices.putAway, () => doing.putAway(notice)];
  switch (notice.kind) {
    case "nothing":
      return null;
    case "reconnecting":
      return { text: notices.reconnecting, time: "", deeds: [] };
    case "ended":
      return {
        text: notices.ended(notice.reason),
        time: "",
        deeds: doing.rescue ? [[notices.rescue, doing.rescue]] : [],
      };
    case "stops":
      return {
        text: notices.stops(notice.reason),
        time: clock(notice.seconds),
        deeds: [[notice.reason === "age" ? notices.save : notices.stay, doing.stay]],
      };
    case "short": {
      if (notice.of === "processes") return { text: notices.processes(notice.limit), time: "", deeds: [close] };
      const text = notices.memory(size(notice.limit, words), doing.cell);
      const shows: Deed[] = doing.cell ? [[notices.showCell, doing.showCell]] : [];
      return { text, time: "", deeds: [...shows, close] };
    }
    case "disk":
      return {
        text: ofDisk(notice.disk, words),
        time: "",
        deeds: [[notices.showBiggest, () => doing.showBiggest(notice.disk)], close],
      };
    case "newer":
      return {
        text: notices.newer,
        time: "",
        deeds: [
          [notices.showDifference, doing.showDifference],
          [words.newer.take, doing.take],
          [words.newer.keep, doing.keep],
        ],
      };
  }
}

function ofDisk({ of, taken, limit, full }: Disk, words: Words): string {
  const { notices, biggest } = words;
  const amount = (number: number) => (of === "files" ? biggest.files(number) : size(number, words));
  return full ? notices.full(amount(limit)) : notices.nearlyFull(amount(taken), amount(limit));
}
