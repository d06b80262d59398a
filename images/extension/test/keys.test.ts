import assert from "node:assert/strict";
import { test } from "node:test";
import { within } from "../src/keys.ts";

test("a selector holds only while the body has a class", () => {
  assert.equal(within("body", "nbh-x"), "body.nbh-x");
  assert.equal(within("body.a .b", "nbh-x"), "body.nbh-x.a .b");
  assert.equal(within(".jp-Notebook .jp-Cell:focus", "nbh-x"), "body.nbh-x .jp-Notebook .jp-Cell:focus");
});
