/** The way from the click to the first sound, as steps with times. Pure: the clock is handed in. */

/** What each transport goes through. A WebSocket has no offer to exchange. */
export const STAGES_OF = {
  webrtc: ["microphone", "token", "offer", "network", "session", "first sound"],
  websocket: ["microphone", "token", "network", "session", "first sound"],
  server: ["microphone", "token", "network", "session", "first sound"],
};

/** A step that took longer than this is shown as the slow one. */
const SLOW_MS = 1000;

export function waitingStages(names) {
  return names.map((name) => ({ name, state: "waiting", sinceMs: 0, tookMs: 0 }));
}

/** The steps with this one begun. One that is not in the list, or is over, changes nothing. */
export function begin(stages, name, nowMs) {
  return change(stages, name, "waiting", (stage) => ({
    ...stage,
    state: "active",
    sinceMs: nowMs,
  }));
}

export function finish(stages, name, nowMs) {
  return change(stages, name, "active", (stage) => ({
    ...stage,
    state: "done",
    tookMs: nowMs - stage.sinceMs,
  }));
}

/** The steps with this one failed. Others that were under way did not fail; they wait again. */
export function fail(stages, name, nowMs) {
  return stages.map((stage) => {
    if (stage.state !== "active") return stage;
    return stage.name === name
      ? { ...stage, state: "failed", tookMs: nowMs - stage.sinceMs }
      : { ...stage, state: "waiting", sinceMs: 0 };
  });
}

/** The steps for another transport: what is done stays done, the rest begins anew. */
export function restage(stages, names) {
  const done = new Map(
    stages.filter((stage) => stage.state === "done").map((stage) => [stage.name, stage]),
  );
  return names.map((name) => {
    const kept = name === "microphone" || name === "token" ? done.get(name) : undefined;
    return kept ?? { name, state: "waiting", sinceMs: 0, tookMs: 0 };
  });
}

/** The step that held the others up, or null when all were quick. The first sound waits for a
 * person to speak, so it is never the slow one. */
export function slowest(stages) {
  let found = null;
  for (const stage of stages) {
    if (stage.state !== "done" || stage.name === "first sound" || stage.tookMs < SLOW_MS) continue;
    if (found === null || stage.tookMs > found.tookMs) found = stage;
  }
  return found?.name ?? null;
}

/** From the beginning of the first step to the end of the last one before the first sound. */
export function connectedAfterMs(stages) {
  const steps = stages.filter((stage) => stage.state === "done" && stage.name !== "first sound");
  if (steps.length === 0) return 0;
  const from = Math.min(...steps.map((stage) => stage.sinceMs));
  return Math.max(...steps.map((stage) => stage.sinceMs + stage.tookMs)) - from;
}

function change(stages, name, from, to) {
  return stages.map((stage) => (stage.name === name && stage.state === from ? to(stage) : stage));
}
