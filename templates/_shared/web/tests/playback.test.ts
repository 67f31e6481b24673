import { expect, test } from "vitest";

import { PlaybackLedger } from "../src/realtime/playback.ts";

test("names what was sounding and how much of it was heard, to the millisecond", () => {
  const ledger = new PlaybackLedger(48_000);
  ledger.add("item_1", 0, 48_000);
  ledger.add("item_2", 0, 24_000);
  ledger.add("item_2", 0, 24_000);

  expect(ledger.cut(48_000 + 43_248)).toEqual({
    itemId: "item_2",
    contentIndex: 0,
    audioEndMs: 901,
  });
});

test("says nothing was cut when all had been played", () => {
  const ledger = new PlaybackLedger(48_000);
  ledger.add("item_1", 0, 4800);

  expect(ledger.cut(4800)).toBeNull();
});

test("says nothing was cut when nothing had come", () => {
  expect(new PlaybackLedger(48_000).cut(0)).toBeNull();
});

test("counts on from where it was cut", () => {
  const ledger = new PlaybackLedger(48_000);
  ledger.add("item_1", 0, 48_000);
  ledger.cut(9600);
  ledger.add("item_2", 0, 48_000);

  expect(ledger.cut(9600 + 4800)).toEqual({ itemId: "item_2", contentIndex: 0, audioEndMs: 100 });
});

test("never claims more than came", () => {
  const ledger = new PlaybackLedger(44_100);
  ledger.add("item_1", 0, 44_100);

  expect(ledger.cut(44_099)?.audioEndMs).toBe(999);
});

test("keeps the piece that is being played when it forgets", () => {
  const ledger = new PlaybackLedger(1000);
  for (let item = 0; item < 5; item += 1) ledger.add(`item_${item}`, 0, 100);
  ledger.forget(350);

  expect(ledger.cut(360)).toEqual({ itemId: "item_3", contentIndex: 0, audioEndMs: 60 });
});
