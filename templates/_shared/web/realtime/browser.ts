/** Puts a session together from the parts that only a browser has. */

import { AudioEngine } from "./audio.ts";
import { mayUseMicrophone } from "./microphone.ts";
import { Session } from "./session.ts";
import { fetchSecret } from "./token.ts";
import { WebRtcTransport } from "./webrtc.ts";
import { WebSocketTransport } from "./websocket.ts";

export function createSession(): Session {
  const audio = new AudioEngine();
  return new Session({
    audio,
    makeTransport: (name, listener) =>
      name === "webrtc"
        ? new WebRtcTransport(audio, listener)
        : new WebSocketTransport(audio, listener),
    fetchSecret: (signal) => fetchSecret(signal),
    mayUseMicrophone,
    now: () => performance.now(),
  });
}
