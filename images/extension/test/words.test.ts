import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf, WORDS } from "../src/words.ts";

test("the first of the browser's languages that we speak is spoken", () => {
  assert.equal(languageOf("auto", ["de-DE", "fr-CA", "en"]), "fr");
  assert.equal(languageOf("auto", ["de"]), "en");
  assert.equal(languageOf("fr", ["en"]), "fr");
});

test("both languages say everything, each in its own words", () => {
  const flat = (words: object): [string, unknown][] =>
    Object.entries(words).flatMap(([name, value]) =>
      typeof value === "object" && name !== "keys" ? flat(value) : [[name, value]],
    );
  const [en, fr] = [flat(WORDS.en), flat(WORDS.fr)];
  assert.deepEqual(en.map(([name]) => name), fr.map(([name]) => name));
  const same = en.filter(([, text], n) => text === fr[n]?.[1]).map(([name]) => name);
  assert.deepEqual(same, ["menu", "code"]);
  assert.equal(WORDS.en.keys.length, WORDS.fr.keys.length);
});
