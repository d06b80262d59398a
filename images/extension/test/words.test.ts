import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf, WORDS, type Words } from "../src/words.ts";

/** All that is said, by where it stands: what is made of something is made of what changes its words. */
function said(words: object, where = ""): [string, string][] {
  return Object.entries(words).flatMap(([name, value]) => {
    const here = `${where}.${name}`;
    if (typeof value === "object") return said(value as object, here);
    return typeof value === "function" ? made(here, value as Says) : [[here, String(value)]];
  });
}

type Says = (...given: unknown[]) => string;

const GIVEN = ["idle", "out-of-memory", "age", "crashed", 1, 2];

const made = (where: string, says: Says): [string, string][] =>
  GIVEN.flatMap((one) => ["", "import os"].map((other): [string, string] => [`${where}(${one}, ${other})`, says(one, other)]));

/** The same in both languages, on purpose: words and keys that are the same, and figures. */
const SAME = /^\.(menu|entries\.code|code|version\(.*|keys\.(3|4|6|7|8)\.0)$/;

test("the first of the browser's languages that we speak is spoken", () => {
  assert.equal(languageOf("auto", ["de-DE", "fr-CA", "en"]), "fr");
  assert.equal(languageOf("auto", ["de"]), "en");
  assert.equal(languageOf("fr", ["en"]), "fr");
});

test("both languages say everything, each in its own words", () => {
  const [en, fr] = [said(WORDS.en), said(WORDS.fr)];
  assert.deepEqual(en.map(([where]) => where), fr.map(([where]) => where));
  assert.deepEqual(fr.filter(([, text]) => text.trim() === ""), []);
  const same = en.filter(([where, text], n) => text === fr[n]?.[1] && !SAME.test(where));
  assert.deepEqual(same.map(([where]) => where), []);
});

test("French has its spaces and apostrophes, and says vous", () => {
  const wrong = [
    /[^\u202f][;!?]/, // a narrow space that does not break
    /[^\u00a0][:»]|«(?!\u00a0)/, // a wide one
    /\p{L}'\p{L}/u,
    /\.\.\./,
    /(^|[^\p{L}-])(tu|ton|ta|tes|toi|te)(?!\p{L})/iu,
  ];
  for (const [where, text] of said(WORDS.fr)) {
    for (const each of wrong) assert.doesNotMatch(text, each, where);
  }
});

test("one is not many", () => {
  const counts = ({ biggest: { files, entries } }: Words) => [files(1), files(2), entries(1)];
  assert.deepEqual(counts(WORDS.en), ["1 file", "2 files", "1 file or folder"]);
  assert.deepEqual(counts(WORDS.fr), ["1 fichier", "2 fichiers", "1 fichier ou dossier"]);
});
