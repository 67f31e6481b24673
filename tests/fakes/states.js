/**
 * The page in any state, with nobody calling: the page's own modules on a session that holds still.
 * `show(name)` puts it into one of `names`.
 */

import { startPage } from "/web/page/page.js";
import { failure } from "/web/realtime/failures.js";
import { EventLog } from "/web/realtime/log.js";
import { checkSettings } from "/web/realtime/settings.js";
import { begin, fail, finish, STAGES_OF, waitingStages } from "/web/realtime/stages.js";
import { IDLE, Store } from "/web/realtime/state.js";

class Still extends Store {
  log = new EventLog();
  settings = checkSettings({});
  level = { peak: 0, dbfs: -60 };
  change(settings) { this.settings = settings; }
  microphoneLevel() { return this.level; }
  modelLevel() { return this.level; }
  start() {}
  hangUp() {}
  interrupt() {}
  setMuted() {}
  press() {}
  release() {}
  decide() {}
  dismiss() {}
}

const NAMES = STAGES_OF.webrtc;
const TOOK = { microphone: 34, token: 182, offer: 1240, network: 96, session: 61, "first sound": 655 };

/** The stages with these done, and the one after them in the given state. */
function stagesUpTo(count, then) {
  let stages = waitingStages(NAMES);
  let now = 0;
  for (const name of NAMES.slice(0, count)) {
    stages = finish(begin(stages, name, now), name, (now += TOOK[name]));
  }
  const next = NAMES[count];
  if (next === undefined || then === undefined) return stages;
  stages = begin(stages, next, now);
  return then === "failed" ? fail(stages, next, now + 7012) : stages;
}

let made = 0;
function words(speaker, text, more = {}) {
  made += 1;
  return {
    kind: "words", id: `w${made}`, speaker, text, state: "final", heard: text.length, soundMs: 0,
    responseId: "", latencyMs: speaker === "assistant" ? 642 : 0, ...more,
  };
}
function tool(state, output, more = {}) {
  made += 1;
  const given = JSON.stringify({ url: "https://example.com/a/rather/long/path?with=parameters&and=more" });
  return { kind: "tool", id: `t${made}`, callId: `t${made}`, name: "open_page", given, state, output, tookMs: 1834, ...more };
}
function note(text, code) {
  made += 1;
  return { kind: "note", id: `n${made}`, text, code };
}

const TALK = [
  words("user", "Where does the river go after the bridge?"),
  words("assistant", "It bends to the south, then widens into a lake of about four kilometres."),
];
const LONG = Array.from({ length: 24 }, (_, index) =>
  index % 2 === 0
    ? words("user", `Question ${index / 2 + 1}: and what lies behind that, if one goes on for a day or two?`)
    : words("assistant", "Hills first, and then the sea. ".repeat((index % 5) + 1).trim()),
);

const LIVE = {
  phase: "live", stages: stagesUpTo(6), turns: TALK, sessionNumber: 1, model: "gpt-realtime-2.1", voice: "marin",
  latenciesMs: [642], tokens: { textIn: 812, textCached: 640, audioIn: 1204, audioCached: 320, textOut: 96, audioOut: 733 },
};
const lost = { ...LIVE, stages: stagesUpTo(1, "active"), phase: "reconnecting" };
const broken = (name, detail, stage) => ({ phase: "failed", failure: failure(name, detail), stages: stagesUpTo(stage, "failed") });

const STATES = {
  idle: {},
  connecting: { phase: "connecting", stages: stagesUpTo(3, "active") },
  listening: LIVE,
  hearing: { ...LIVE, activity: "hearing", turns: [...TALK, words("user", "", { state: "partial" })] },
  thinking: { ...LIVE, activity: "thinking" },
  speaking: { ...LIVE, activity: "speaking", turns: [...TALK, words("assistant", "Well, there is", { state: "partial" })] },
  interrupted: {
    ...LIVE,
    turns: [...TALK, words("assistant", "There are three ways to get there, and the first one is long.", { state: "interrupted", heard: 30 })],
  },
  muted: { ...LIVE, muted: true },
  hold: { ...LIVE, pushToTalk: true },
  pressed: { ...LIVE, pushToTalk: true, pressed: true, activity: "hearing" },
  asking: { ...LIVE, activity: "thinking", turns: [...TALK, tool("asking", "")] },
  running: { ...LIVE, activity: "thinking", turns: [...TALK, tool("running", "")] },
  tools: { ...LIVE, turns: [...TALK, tool("done", '{"opened":true}'), tool("failed", '{"error":"the user did not allow it"}')] },
  trouble: { ...LIVE, troubles: [failure("microphoneSilent")] },
  fallback: { ...LIVE, transport: "websocket", turns: [note("The call runs over WebSocket, because WebRTC did not get through: no connection within 7 seconds.", "RT616"), ...TALK] },
  unheard: { ...LIVE, turns: [...TALK, words("user", "", { state: "unheard" })] },
  long: { ...LIVE, turns: LONG },
  offline: { ...LIVE, online: false },
  reconnecting: lost,
  "reconnecting offline": { ...lost, online: false },
  ended: { ...LIVE, phase: "ended", lastedMs: 754_000 },
  cancelled: { phase: "ended", stages: stagesUpTo(1) },
  denied: broken("microphoneDenied", "Permission denied", 0),
  insecure: broken("insecureOrigin", "http://192.168.1.20:5173", 0),
  "no token": broken("tokenServiceDown", "status 502", 1),
  "no model": broken("modelRefused", "The model `gpt-realtime-nope-preview-2026-01-01` does not exist or you do not have access to it.", 1),
  blocked: broken("networkBlocked", "no connection within 7 seconds", 3),
  dropped: { ...LIVE, phase: "failed", failure: failure("callLost", "close code 1006") },
};

const session = new Still();
for (const type of ["session.created", "session.updated", "input_audio_buffer.speech_started", "conversation.item.input_audio_transcription.completed", "response.output_audio.delta"]) {
  session.log.add(type.startsWith("s") ? "in" : "out", { type, event_id: "event_1" }, made * 371);
}
startPage(session);

/** The elements whose words need more room than they are given. */
globalThis.cut = () =>
  [...document.querySelectorAll("h1, h2, p, summary, button, label, dt, dd, .reading span, .stages li")]
    .filter((element) => element.checkVisibility())
    .filter(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
      clientWidth > 0 && (scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 2))
    .map(({ id, className, tagName, textContent }) => `${tagName} ${id || className} "${textContent.trim()}"`);

globalThis.names = Object.keys(STATES);
globalThis.show = (name) => {
  const state = STATES[name];
  session.level = ["hearing", "pressed"].includes(name) ? { peak: 0.4, dbfs: -14 } : { peak: 0, dbfs: -60 };
  session.set({ ...IDLE, ...state, sessionEndsMs: state.phase === "live" ? performance.now() + 2_999_000 : 0 });
};
