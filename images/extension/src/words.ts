// All that people read, in English and French. Pure.
import { en } from "./english.ts";
import { fr } from "./french.ts";
import type { Entry } from "./settings.ts";
import type { Saving } from "./saving.ts";

export type Language = "en" | "fr";

/** The one that is asked for, or the first of the browser's that we speak. */
export function languageOf(wanted: "auto" | Language, browsers: readonly string[]): Language {
  if (wanted !== "auto") return wanted;
  const spoken = browsers.map((each) => each.slice(0, 2).toLowerCase());
  return spoken.find((each): each is Language => each === "en" || each === "fr") ?? "en";
}

export interface Words {
  readonly lang: Language;
  readonly menu: string;
  /** What a button is called that leads away from a lab that does not answer. */
  readonly stuck: string;
  readonly entries: Readonly<Record<Entry, string>>;
  readonly files: string;
  readonly launcher: string;
  readonly palette: string;
  readonly saving: Readonly<Record<Saving, string>>;
  /** What a screen reader says of a cell, and of the button that folds what is below a title. */
  readonly code: string;
  readonly text: string;
  readonly section: string;
  readonly version: (version: string) => string;
  readonly cancel: string;
  readonly close: string;
  readonly copy: string;
  readonly open: string;
  readonly reset: string;
  readonly resetAsk: string;
  readonly restart: string;
  readonly restartAsk: string;
  readonly studentIs: string;
  readonly shared: string;
  readonly sharedIs: string;
  readonly notShared: string;
  readonly sharedBefore: string;
  readonly withdraw: string;
  readonly withdrawAsk: string;
  readonly withdrawn: string;
  readonly notWithdrawn: string;
  /** Before decimals. */
  readonly point: string;
  /** Bytes and what is 1024 times that, and so on. */
  readonly units: readonly string[];
  readonly newer: NewerWords;
  readonly biggest: BiggestWords;
  readonly notSaved: string;
  readonly notices: Notices;
  readonly keys: readonly (readonly [string, string])[];
}

/** What cannot wait until somebody opens the menu. */
export interface Notices {
  /** What the line that says it is called. */
  readonly label: string;
  readonly reconnecting: string;
  readonly ended: (reason: string) => string;
  readonly rescue: string;
  readonly stops: (reason: string) => string;
  readonly stay: string;
  readonly save: string;
  readonly putAway: string;
  readonly memory: (limit: string, cell: string) => string;
  readonly processes: (limit: number) => string;
  readonly showCell: string;
  readonly nearlyFull: (taken: string, limit: string) => string;
  readonly full: (limit: string) => string;
  readonly showBiggest: string;
  readonly newer: string;
  readonly showDifference: string;
}

/** Of a new version in the course. */
export interface NewerWords {
  readonly title: string;
  readonly take: string;
  readonly keep: string;
  readonly legend: string;
  readonly same: string;
  readonly notShown: string;
}

/** Of what takes most room. */
export interface BiggestWords {
  readonly title: string;
  readonly files: (number: number) => string;
  readonly entries: (number: number) => string;
  readonly top: string;
  readonly remove: string;
  readonly removeAsk: string;
  readonly removed: string;
  readonly notRemoved: string;
  readonly unknown: string;
}

export const WORDS: Readonly<Record<Language, Words>> = { en, fr };
