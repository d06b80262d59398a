// What is known of the lab behind a page, and what its reader should be told of it. Pure.

/** What a lab was refused. */
export interface Shortage {
  readonly of: "memory" | "processes";
  /** Bytes, or processes and threads together. */
  readonly limit: number;
  /** How often so far, which tells one from another. */
  readonly times: number;
  /** Seconds since then. */
  readonly ago: number;
}

/** What a student's files take of what they may. */
export interface Disk {
  readonly of: "bytes" | "files";
  readonly taken: number;
  readonly limit: number;
  readonly full: boolean;
}

/** What the router says of a lab (`/-/lab/<capability>`). */
export interface News {
  readonly stops: { readonly seconds: number; readonly reason: string } | null;
  /** Why it is no more; null while it is there. */
  readonly ended: string | null;
  readonly short: Shortage | null;
  readonly disk: Disk | null;
  /** The course's present revision; empty if nobody knows. */
  readonly commit: string;
}

/** All that matters here, at one instant; milliseconds of one clock. */
export interface Known {
  /** When the page began to watch: what was before does not concern it. */
  readonly began: number;
  /** Since when nothing was heard of the lab; null if it answers. */
  readonly silentSince: number | null;
  readonly stopsAt: number | null;
  readonly stopsFor: string;
  readonly ended: string | null;
  readonly short: Shortage | null;
  readonly disk: Disk | null;
  /** Whether the course has a new version of the notebook. */
  readonly isNewer: boolean;
  /** What was read and put away; by `nameOf`. */
  readonly putAway: readonly string[];
}

export const NOTHING: Known = {
  began: 0,
  silentSince: null,
  stopsAt: null,
  stopsFor: "",
  ended: null,
  short: null,
  disk: null,
  isNewer: false,
  putAway: [],
};

export type Notice =
  | { readonly kind: "nothing" }
  | { readonly kind: "reconnecting" }
  | { readonly kind: "ended"; readonly reason: string }
  | { readonly kind: "stops"; readonly reason: string; readonly seconds: number }
  | { readonly kind: "short"; readonly of: Shortage["of"]; readonly limit: number; readonly times: number }
  | { readonly kind: "disk"; readonly disk: Disk }
  | { readonly kind: "newer" };

/** A pause of so many milliseconds is not worth a word. */
export const PATIENCE = 1500;

/** What the router's answer adds to what was known. */
export function heard(known: Known, news: News, now: number): Known {
  const stopsAt = news.stops && now + news.stops.seconds * 1000;
  const isOurs = news.short && now - news.short.ago * 1000 >= known.began;
  return {
    ...known,
    stopsAt,
    stopsFor: news.stops?.reason ?? "",
    ended: news.ended,
    short: isOurs ? news.short : null,
    disk: news.disk ?? null,
    // what goes and comes again is told again
    putAway: news.disk ? known.putAway : known.putAway.filter((each) => !each.startsWith("disk")),
  };
}

/** What is read, and need not be told any more. */
export function putAway(known: Known, notice: Notice): Known {
  return { ...known, putAway: [...known.putAway, nameOf(notice)] };
}

/** The one thing to tell: what is worst. */
export function noticeOf(known: Known, now: number): Notice {
  if (known.ended !== null) return { kind: "ended", reason: known.ended };
  if (known.silentSince !== null && now - known.silentSince >= PATIENCE) {
    return { kind: "reconnecting" };
  }
  if (known.stopsAt !== null) {
    const seconds = Math.max(0, Math.round((known.stopsAt - now) / 1000));
    return { kind: "stops", reason: known.stopsFor, seconds };
  }
  return lesser(known).find((each) => !known.putAway.includes(nameOf(each))) ?? { kind: "nothing" };
}

/** What can be put away. */
function lesser({ short, disk, isNewer }: Known): Notice[] {
  return [
    ...(short ? [{ kind: "short", of: short.of, limit: short.limit, times: short.times } as const] : []),
    ...(disk ? [{ kind: "disk", disk } as const] : []),
    ...(isNewer ? [{ kind: "newer" } as const] : []),
  ];
}

function nameOf(notice: Notice): string {
  switch (notice.kind) {
    case "short":
      return `short ${notice.times}`;
    case "disk":
      return `disk ${notice.disk.of} ${notice.disk.full}`;
    default:
      return notice.kind;
  }
}

/** As a clock shows it: 9:05. */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
