/** Puts a session together from the parts that only a browser has. */

import { AudioEngine } from "./audio.js";
import { mayUseMicrophone } from "./microphone.js";
import { Session } from "./session.js";
import { isOn } from "./state.js";
import { fetchSecret } from "./token.js";
import { WebRtcTransport } from "./webrtc.js";
import { WebSocketTransport } from "./websocket.js";

/**
 * A session of this tab. Only one tab of a browser has a call at a time: the latest one.
 * `gone`, when it is aborted, ends its call and lets go of all it listens to.
 */
export function createSession(tools = [], gone = new AbortController().signal) {
  const audio = new AudioEngine();
  const session = new Session(
    {
      audio,
      makeTransport: (name, listener) =>
        name === "webrtc"
          ? new WebRtcTransport(audio, listener)
          : new WebSocketTransport(audio, listener, name),
      fetchSecret: (signal) => fetchSecret(signal, session.snapshot.transport),
      mayUseMicrophone,
      network: NETWORK,
      now: () => performance.now(),
      unixNow: () => Date.now() / 1000,
    },
    tools,
  );
  giveWayToOtherTabs(session, gone);
  gone.addEventListener("abort", () => session.hangUp());
  return session;
}

const NETWORK = {
  isOnline: () => navigator.onLine,
  watch: (changed) => {
    addEventListener("online", changed);
    addEventListener("offline", changed);
    return () => {
      removeEventListener("online", changed);
      removeEventListener("offline", changed);
    };
  },
};

/** Two calls on one device would hear each other, and each would answer the other. */
function giveWayToOtherTabs(session, gone) {
  const channel = new BroadcastChannel("voice-call");
  let wasOn = false;
  session.subscribe(() => {
    const on = isOn(session.snapshot.phase);
    if (on && !wasOn) channel.postMessage("begun");
    wasOn = on;
  });
  channel.addEventListener("message", () => session.giveWay());
  gone.addEventListener("abort", () => channel.close());
}
