import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "../src/difference.ts";

const of = (one: string, other: string) =>
  difference(one.split(""), other.split("")).map(([sign, text]) => sign + text).join(",");

test("what is the same is no difference", () => assert.equal(of("abc", "abc"), ""));

test("what goes and what comes is signed, with a little around", () => {
  assert.equal(of("abcdefgh", "abcdXfgh"), "…, c, d,-e,+X, f, g,…");
  assert.equal(of("abc", "xabc"), "+x, a, b,…");
  assert.equal(of("ab", "abc"), " a, b,+c");
});

test("as much as can be stays", () => assert.equal(of("kitten", "sitting"), "-k,+s, i, t, t,-e,+i, n,+g"));

test("texts of any length are told in time", () => {
  const many = Array.from({ length: 5000 }, (_, n) => `${n}`);
  const others = many.map((each) => `x${each}`);
  const lines = difference(many, others);
  assert.equal(lines.length, 10_000);
  assert.deepEqual([lines[0], lines[5000]], [["-", "0"], ["+", "x0"]]);
});
