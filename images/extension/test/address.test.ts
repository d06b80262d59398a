import assert from "node:assert/strict";
import { test } from "node:test";
import { keepAddress } from "../src/address.ts";

const ORIGIN = "http://labs.example";

/** A browser's history, of which the last entry is where somebody is. */
function opened(at: string, shown: () => string): { entries: string[]; pushes(url: string): void } {
  const entries = [ORIGIN + at];
  const history = {
    pushState: (_state: unknown, _unused: string, url: URL) => void entries.push(url.href),
    replaceState: (_state: unknown, _unused: string, url: URL) => void entries.splice(-1, 1, url.href),
  };
  const page = {
    history,
    get location() {
      return new URL(entries.at(-1)!);
    },
  } as unknown as Window;
  keepAddress(page, shown);
  return { entries, pushes: (url) => page.history.pushState({}, "", url) };
}

const OPENED = "/12/lab/tree/w1/n.md?course=python&student=ada";

test("a folder does not take the notebook's place, nor the way back's", () => {
  const page = opened(OPENED, () => "w1/n.md");
  page.pushes("/12/doc/tree/w1");
  assert.deepEqual(page.entries, [`${ORIGIN}/12/doc/tree/w1/n.md?course=python&student=ada`]);
});

test("another document has an address of its own, and the same student", () => {
  let shown = "w1/n.md";
  const page = opened(OPENED, () => shown);
  shown = "w1/other.md";
  page.pushes("/12/lab/tree/w1/other.md");
  assert.deepEqual(page.entries.slice(1), [
    `${ORIGIN}/12/lab/tree/w1/other.md?course=python&student=ada`,
  ]);
});

test("where no document is, the address is what is asked for", () => {
  const page = opened(OPENED, () => "");
  page.pushes("/12/lab/tree/w2");
  assert.equal(page.entries.at(-1), `${ORIGIN}/12/lab/tree/w2?course=python&student=ada`);
});
