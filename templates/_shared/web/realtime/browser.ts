/** Puts a session together from the parts that only a browser has. */

import { AudioEngine } from "./audio.ts";
import { mayUseMicrophone } from "./microphone.ts";
import { Session } from "./session.ts";
import type { Network } from "./session.ts";
import { isOn } from "./state.ts";
import { fetchSecret } from "./token.ts";
import type { MakeToolbox, Tool } from "./tools.ts";
import { WebRtcTransport } from "./webrtc.ts";
import { WebSocketTransport } from "./websocket.ts";

/**
 * A session of this tab. Only one tab of a browser has a call at a time: the latest one.
 * `gone`, when it is aborted, ends its call and lets go of all it listens to.
 */
export function createSession(
  tools: readonly Tool[] | MakeToolbox = [],
  gone: AbortSignal = new AbortController().signal,
): Session {
  const audio = new AudioEngine();
  const session: Session = new Session(
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

const NETWORK: Network = {
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
function giveWayToOtherTabs(session: Session, gone: AbortSignal): void {
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
