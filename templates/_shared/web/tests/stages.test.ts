import { expect, test } from "vitest";

import {
  begin,
  connectedAfterMs,
  fail,
  finish,
  restage,
  slowest,
  STAGES_OF,
  waitingStages,
} from "../src/realtime/stages.ts";

test("a step takes from its beginning to its end", () => {
  const begun = begin(waitingStages(["token"]), "token", 100);

  expect(finish(begun, "token", 143)).toEqual([
    { name: "token", state: "done", sinceMs: 100, tookMs: 43 },
  ]);
});

test("a step that is over does not begin again", () => {
  const done = finish(begin(waitingStages(["token"]), "token", 0), "token", 5);

  expect(begin(done, "token", 9)).toEqual(done);
});

test("one step fails and the others wait", () => {
  let stages = begin(waitingStages(["microphone", "token"]), "microphone", 0);
  stages = fail(begin(stages, "token", 0), "microphone", 30);

  expect(stages.map(({ state }) => state)).toEqual(["failed", "waiting"]);
});

test("another transport keeps the microphone and the token, and nothing else", () => {
  let stages = waitingStages(STAGES_OF.webrtc);
  for (const name of ["microphone", "token", "offer"] as const) {
    stages = finish(begin(stages, name, 0), name, 10);
  }
  const again = restage(fail(begin(stages, "network", 10), "network", 20), STAGES_OF.websocket);

  expect(again.map(({ name, state }) => `${name} ${state}`)).toEqual([
    "microphone done",
    "token done",
    "network waiting",
    "session waiting",
    "first sound waiting",
  ]);
});

test("the slow step is the longest over a second, and never the wait for a person to speak", () => {
  let stages = waitingStages(STAGES_OF.webrtc);
  const took = { microphone: 40, token: 1200, offer: 1900, network: 90, "first sound": 9000 };
  for (const [name, ms] of Object.entries(took)) {
    const stage = name as keyof typeof took;
    stages = finish(begin(stages, stage, 0), stage, ms);
  }

  expect(slowest(stages)).toBe("offer");
});

test("the time to connect counts what ran side by side once", () => {
  let stages = begin(waitingStages(STAGES_OF.webrtc), "microphone", 1000);
  stages = begin(stages, "token", 1000);
  stages = finish(finish(stages, "microphone", 1300), "token", 1200);
  stages = finish(begin(stages, "offer", 1300), "offer", 1450);

  expect(connectedAfterMs(stages)).toBe(450);
});
