import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, heard, NOTHING, noticeOf, PATIENCE, putAway, type News } from "../src/news.ts";

const IDLE = { seconds: 600, reason: "idle" };
const CALM: News = { stops: null, ended: null, short: null, disk: null, commit: "c1" };
const SHORT = { of: "memory", limit: 2 ** 30, times: 1, ago: 1 } as const;
const DISK = { of: "bytes", taken: 95, limit: 100, full: false } as const;

test("a lab that answers is not worth a word", () => {
  assert.deepEqual(noticeOf(NOTHING, 0), { kind: "nothing" });
});

test("a short silence is not told, a longer one is", () => {
  const silent = { ...NOTHING, silentSince: 1000 };
  assert.equal(noticeOf(silent, 1000 + PATIENCE - 1).kind, "nothing");
  assert.equal(noticeOf(silent, 1000 + PATIENCE).kind, "reconnecting");
});

test("a stop is counted down, whatever the browser's clock says", () => {
  const known = heard(NOTHING, { ...CALM, stops: IDLE }, 5_000_000);
  assert.deepEqual(noticeOf(known, 5_090_400), { kind: "stops", reason: "idle", seconds: 510 });
  assert.equal((noticeOf(known, 9_000_000) as { seconds: number }).seconds, 0);
});

test("a stop that is withdrawn is not told any more", () => {
  const known = heard(NOTHING, { ...CALM, stops: IDLE }, 0);
  const after = heard(known, CALM, 1000);
  assert.equal(noticeOf(after, 2000).kind, "nothing");
});

test("that it has ended stands over all else", () => {
  const silent = { ...NOTHING, silentSince: 0 };
  const known = heard(silent, { ...CALM, stops: IDLE, ended: "idle" }, 60_000);
  assert.deepEqual(noticeOf(known, 60_000), { kind: "ended", reason: "idle" });
});

test("seconds read as on a clock", () => {
  assert.deepEqual([600, 65, 5, 0].map(clock), ["10:00", "1:05", "0:05", "0:00"]);
});

test("what happened before the page was there does not concern it", () => {
  const known = { ...NOTHING, began: 10_000 };
  const kind = (ago: number) => noticeOf(heard(known, { ...CALM, short: { ...SHORT, ago } }, 15_000), 15_000).kind;
  assert.deepEqual([kind(1), kind(6)], ["short", "nothing"]);
});

test("what is worst is told first, what is put away no more, and what comes again is", () => {
  let known = { ...heard(NOTHING, { ...CALM, short: SHORT, disk: DISK }, 5000), isNewer: true };
  const told = [];
  for (let n = 0; n < 4; n++) {
    const notice = noticeOf(known, 5000);
    told.push(notice.kind);
    known = { ...putAway(known, notice), isNewer: true };
  }
  assert.deepEqual(told, ["short", "disk", "newer", "nothing"]);
  const kindOf = (news: Partial<News>) => noticeOf((known = heard(known, { ...CALM, ...news }, 5000)), 5000).kind;
  assert.equal(kindOf({ short: SHORT, disk: DISK }), "nothing");
  assert.equal(kindOf({ short: { ...SHORT, times: 2 } }), "short");
  assert.equal(kindOf({ disk: { ...DISK, full: true } }), "disk");
  assert.equal(kindOf({ disk: DISK }), "disk");
});
