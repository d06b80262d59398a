import assert from "node:assert/strict";
import { test } from "node:test";
import { hasMoveButtons, titleOf, versionOf } from "../src/title.ts";

test("a title comes from nbhosting's metadata, then the old name, then the file", () => {
  const both = { nbhosting: { title: "New" }, notebookname: "Old" };
  assert.equal(titleOf(both, "w1/n1.md"), "New");
  assert.equal(titleOf({ notebookname: "Old" }, "w1/n1.md"), "Old");
  assert.equal(titleOf({}, "w1/1.2-intro.ipynb"), "1.2-intro");
});

test("an empty title counts as none", () => {
  assert.equal(titleOf({ nbhosting: { title: " " }, notebookname: "Old" }, "n.md"), "Old");
  assert.equal(titleOf({ nbhosting: "no section" }, "n.md"), "n");
});

test("a version is told where it says something", () => {
  assert.equal(versionOf({ nbhosting: { version: "2.1" }, version: "3" }), "2.1");
  assert.equal(versionOf({ version: 3 }), "3");
});

for (const version of ["", "1.0", "0", "0.0", "0.0.0", undefined, true, {}]) {
  test(`${JSON.stringify(version)} is no version to be told`, () => {
    assert.equal(versionOf({ version }), "");
  });
}

test("the buttons that move a cell go where a notebook says so", () => {
  assert.equal(hasMoveButtons({}), true);
  assert.equal(hasMoveButtons({ nbhosting: { show_up_down_buttons: true } }), true);
  assert.equal(hasMoveButtons({ nbhosting: { show_up_down_buttons: false } }), false);
});
