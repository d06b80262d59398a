// What is known of the lab behind a page, and what its reader should be told of it. Pure.

/** What the router says of a lab (`/-/lab/<capability>`). */
export interface News {
  readonly stops: { readonly seconds: number; readonly reason: string } | null;
  /** Why it is no more; null while it is there. */
  readonly ended: string | null;
}

/** All that matters here, at one instant; milliseconds of one clock. */
export interface Known {
  /** Since when nothing was heard of the lab; null if it answers. */
  readonly silentSince: number | null;
  readonly stopsAt: number | null;
  readonly stopsFor: string;
  readonly ended: string | null;
}

export const NOTHING: Known = { silentSince: null, stopsAt: null, stopsFor: "", ended: null };

export type Notice =
  | { readonly kind: "nothing" }
  | { readonly kind: "reconnecting" }
  | { readonly kind: "ended"; readonly reason: string }
  | { readonly kind: "stops"; readonly reason: string; readonly seconds: number };

/** A pause of so many milliseconds is not worth a word. */
export const PATIENCE = 1500;

/** What the router's answer adds to what was known. */
export function heard(known: Known, news: News, now: number): Known {
  const stopsAt = news.stops && now + news.stops.seconds * 1000;
  return { ...known, stopsAt, stopsFor: news.stops?.reason ?? "", ended: news.ended };
}

/** The one thing to tell. */
export function noticeOf(known: Known, now: number): Notice {
  if (known.ended !== null) return { kind: "ended", reason: known.ended };
  if (known.silentSince !== null && now - known.silentSince >= PATIENCE) {
    return { kind: "reconnecting" };
  }
  if (known.stopsAt !== null) {
    const seconds = Math.max(0, Math.round((known.stopsAt - now) / 1000));
    return { kind: "stops", reason: known.stopsFor, seconds };
  }
  return { kind: "nothing" };
}

/** As a clock shows it: 9:05. */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
