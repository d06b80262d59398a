import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, size } from "../src/lines.ts";

test("a text stays as it is", () => assert.deepEqual(linesOf("# a\n\nb\n", "n.md"), ["# a", "", "b"]));

test("what jupytext writes at the top is not for people", () => {
  assert.deepEqual(linesOf("---\nkernelspec: x\n---\n# a", "n.md"), ["# a"]);
  assert.deepEqual(linesOf("# ---\n# x\n# ---\n1", "n.py"), ["1"]);
  assert.deepEqual(linesOf("---\nnever closed", "n.md"), ["---", "never closed"]);
});

test("of a notebook's file its cells are read, and no outputs", () => {
  const cells = [
    { cell_type: "markdown", source: ["# a\n", "b"] },
    { cell_type: "code", source: "1", outputs: [{ text: "1" }] },
  ];
  const read = linesOf(JSON.stringify({ cells }), "n.ipynb");
  assert.deepEqual(read, ["[text]", "# a", "b", "", "[code]", "1", ""]);
});

test("what is no notebook is shown as it is", () => assert.deepEqual(linesOf("{", "n.ipynb"), ["{"]));

test("sizes are short", () => {
  const words = { units: ["B", "KiB", "MiB", "GiB"], point: "," };
  const said = [0, 999, 1024, 1536, 2 ** 30, 460 * 2 ** 20].map((each) => size(each, words));
  const spaced = ["0 B", "999 B", "1 KiB", "1,5 KiB", "1 GiB", "460 MiB"].map((each) => each.replace(" ", "\u00a0"));
  assert.deepEqual(said, spaced);
});
