import assert from "node:assert/strict";
import { test } from "node:test";
import { oneAtATime } from "../src/one-save.ts";

/** Saves what stands in it when it is asked to; a save ends when it is told to. */
class Page {
  text = "";
  readonly disk: string[] = [];
  readonly underWay: { end(): void; fail(): void }[] = [];

  save(): Promise<void> {
    const { text } = this;
    return new Promise((resolve, reject) => {
      const end = () => (this.disk.push(text), resolve());
      this.underWay.push({ end, fail: () => reject(new Error("no room")) });
    });
  }
}

/** What has been promised so far has been done. */
const settled = () => new Promise(setImmediate);

const opened = (patience?: number) => {
  const page = new Page();
  oneAtATime(page, patience);
  return page;
};

test("a save waits for the one before, and saves what was written meanwhile", async () => {
  const page = opened();
  page.text = "one";
  const first = page.save();
  await settled();
  const second = page.save();
  page.text = "two";
  await settled();
  assert.equal(page.underWay.length, 1);
  page.underWay[0]!.end();
  await first;
  await settled();
  page.underWay[1]!.end();
  await second;
  assert.deepEqual(page.disk, ["one", "two"]);
});

test("those that wait are one save", async () => {
  const page = opened();
  const first = page.save();
  await settled();
  const others = [page.save(), page.save()];
  page.underWay[0]!.end();
  await first;
  await settled();
  page.underWay[1]!.end();
  await Promise.all(others);
  assert.equal(page.underWay.length, 2);
});

test("a save that failed is told to who asked for it, and holds up nobody", async () => {
  const page = opened();
  const first = page.save();
  await settled();
  const second = page.save();
  page.underWay[0]!.fail();
  await assert.rejects(first, /no room/);
  await settled();
  page.underWay[1]!.end();
  await second;
});

test("a save that never ends holds up nobody for long", async () => {
  const page = opened(1);
  void page.save();
  await settled();
  page.text = "two";
  const second = page.save();
  const begun = async () => {
    while (page.underWay.length < 2) await settled();
  };
  await begun();
  page.underWay[1]!.end();
  await second;
  assert.deepEqual(page.disk, ["two"]);
});
