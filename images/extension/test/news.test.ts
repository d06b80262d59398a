import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, heard, NOTHING, noticeOf, PATIENCE } from "../src/news.ts";

const IDLE = { seconds: 600, reason: "idle" };

test("a lab that answers is not worth a word", () => {
  assert.deepEqual(noticeOf(NOTHING, 0), { kind: "nothing" });
});

test("a short silence is not told, a longer one is", () => {
  const silent = { ...NOTHING, silentSince: 1000 };
  assert.equal(noticeOf(silent, 1000 + PATIENCE - 1).kind, "nothing");
  assert.equal(noticeOf(silent, 1000 + PATIENCE).kind, "reconnecting");
});

test("a stop is counted down, whatever the browser's clock says", () => {
  const known = heard(NOTHING, { stops: IDLE, ended: null }, 5_000_000);
  assert.deepEqual(noticeOf(known, 5_090_400), { kind: "stops", reason: "idle", seconds: 510 });
  assert.equal((noticeOf(known, 9_000_000) as { seconds: number }).seconds, 0);
});

test("a stop that is withdrawn is not told any more", () => {
  const known = heard(NOTHING, { stops: IDLE, ended: null }, 0);
  const after = heard(known, { stops: null, ended: null }, 1000);
  assert.equal(noticeOf(after, 2000).kind, "nothing");
});

test("that it has ended stands over all else", () => {
  const silent = { ...NOTHING, silentSince: 0 };
  const known = heard(silent, { stops: IDLE, ended: "idle" }, 60_000);
  assert.deepEqual(noticeOf(known, 60_000), { kind: "ended", reason: "idle" });
});

test("seconds read as on a clock", () => {
  assert.deepEqual([600, 65, 5, 0].map(clock), ["10:00", "1:05", "0:05", "0:00"]);
});
