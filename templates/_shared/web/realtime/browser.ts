/** Puts a session together from the parts that only a browser has. */

import { AudioEngine } from "./audio.ts";
import { mayUseMicrophone } from "./microphone.ts";
import { Session } from "./session.ts";
import { fetchSecret } from "./token.ts";
import { WebRtcTransport } from "./webrtc.ts";

export function createSession(): Session {
  const audio = new AudioEngine();
  return new Session({
    audio,
    makeTransport: (_name, listener) => new WebRtcTransport(audio, listener),
    fetchSecret: (signal) => fetchSecret(signal),
    mayUseMicrophone,
    now: () => performance.now(),
  });
}
