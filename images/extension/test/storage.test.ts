import assert from "node:assert/strict";
import { test } from "node:test";
import { keepInThePage } from "../src/storage.ts";

const forbids = () => {
  throw new Error("Access is denied for this document.");
};

test("where storage is forbidden, the page keeps it", () => {
  const page = Object.defineProperties({} as { localStorage: Storage; sessionStorage: Storage }, {
    localStorage: { configurable: true, get: forbids },
    sessionStorage: { configurable: true, get: forbids },
  });
  keepInThePage(page);
  const kept = page.localStorage;
  kept.setItem("a", "1");
  kept.setItem("b", "2");
  assert.deepEqual([kept.length, kept.key(0), kept.key(2), kept.getItem("b"), kept.getItem("c")], [2, "a", null, "2", null]);
  assert.equal(page.sessionStorage.getItem("a"), null);
  kept.removeItem("a");
  assert.equal(kept.getItem("a"), null);
  kept.clear();
  assert.equal(kept.length, 0);
});

test("where storage is there, it stays", () => {
  const theirs = {};
  const page = { localStorage: theirs, sessionStorage: theirs };
  keepInThePage(page);
  assert.equal(page.localStorage, theirs);
});
