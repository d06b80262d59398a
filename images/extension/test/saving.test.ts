import assert from "node:assert/strict";
import { test } from "node:test";
import { after, type Told } from "../src/saving.ts";

const heard = (...told: Told[]) => told.reduce(after, "saved");

test("what is written is saved in the end", () => {
  assert.equal(heard("dirty"), "changed");
  assert.equal(heard("dirty", "started"), "saving");
  assert.equal(heard("dirty", "started", "clean", "completed"), "saved");
});

test("a save that failed is told until one succeeds", () => {
  assert.equal(heard("dirty", "started", "failed"), "failed");
  assert.equal(heard("dirty", "started", "failed", "dirty"), "failed");
  assert.equal(heard("dirty", "started", "failed", "started", "completed"), "saved");
});
