/**
 * A call over WebRTC: sound on media tracks, messages on the data channel `oai-events`. The server
 * paces its own sound, so it knows by itself what was heard when it is interrupted.
 */

import { parseEvent } from "./events.js";
import { CallError, failure, failureOfApi } from "./failures.js";

const NETWORK_TIMEOUT_MS = 7000;
const OFFER_TIMEOUT_MS = 15_000;
/** "disconnected" often heals by itself; after this it is taken for an end. */
const HEAL_MS = 4000;

export class WebRtcTransport {
  name = "webrtc";
  #audio;
  #listener;
  #peer;
  #channel;
  #sender;
  #stopPlaying = null;
  #tellGuard = () => undefined;
  #healing = null;
  #state = "connecting";

  constructor(audio, listener) {
    this.#audio = audio;
    this.#listener = listener;
    if (globalThis.RTCPeerConnection === undefined) throw new CallError("browserTooOld", "WebRTC");
    this.#peer = new RTCPeerConnection();
    // The track comes later, so that not a word is sent before the session is as it should be.
    this.#sender = this.#peer.addTransceiver("audio", { direction: "sendrecv" }).sender;
    this.#channel = this.#peer.createDataChannel("oai-events");
    this.#channel.addEventListener("message", (message) => this.#read(message.data));
    this.#channel.addEventListener("close", () => this.#lose("the event channel was closed"));
    this.#peer.addEventListener("track", ({ track, streams }) => {
      this.#stopPlaying?.();
      this.#stopPlaying = audio.play(streams[0] ?? new MediaStream([track]));
    });
    this.#peer.addEventListener("connectionstatechange", () => this.#watch());
  }

  async connect(secret, signal, entered) {
    try {
      entered("offer");
      const answer = await this.#exchange(secret, signal);
      entered("network");
      await this.#peer.setRemoteDescription({ type: "answer", sdp: answer });
      await this.#opened(signal);
      this.#state = "open";
    } catch (error) {
      this.close();
      throw error;
    }
  }

  send(event) {
    if (this.#channel.readyState !== "open") return;
    this.#channel.send(JSON.stringify(event));
    this.#listener.sent(event);
  }

  openMicrophone() {
    void this.#sender.replaceTrack(this.#audio.microphoneTrack());
  }

  closeMicrophone() {
    void this.#sender.replaceTrack(null);
  }

  unheard() {
    return [];
  }

  silence() {
    // The server drops what it has not sent yet and shortens the item to what was heard.
    this.send({ type: "output_audio_buffer.clear" });
  }

  close() {
    if (this.#state === "closed") return;
    this.#state = "closed";
    if (this.#healing !== null) clearTimeout(this.#healing);
    this.#stopPlaying?.();
    this.#tellGuard("ended");
    this.#channel.close();
    this.#peer.close();
  }

  async #exchange(secret, signal) {
    await this.#peer.setLocalDescription();
    // Not waiting for candidates: the server learns them from the packets that arrive.
    const offer = this.#peer.localDescription?.sdp ?? "";
    const url = `${secret.realtimeUrl}/calls`;
    let response;
    let text;
    try {
      // No further headers: the API's list of allowed ones is short, and one more fails the call.
      response = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${secret.value}`, "content-type": "application/sdp" },
        body: offer,
        signal: AbortSignal.any([signal, AbortSignal.timeout(OFFER_TIMEOUT_MS)]),
      });
      text = await response.text();
    } catch (error) {
      if (signal.aborted) throw error;
      throw new CallError("offerRefused", new URL(url).host, { cause: error });
    }
    if (!response.ok) throw refused(response.status, text);
    if (!text.startsWith("v=")) throw new CallError("apiDown", "the answer is not SDP");
    const callId = response.headers.get("location")?.split("/").at(-1);
    if (secret.callsUrl !== "" && callId !== undefined) {
      this.#tellGuard = (state) => tellOfCall(secret.callsUrl, callId, state);
      this.#tellGuard("started");
    }
    return text;
  }

  #opened(signal) {
    if (this.#channel.readyState === "open") return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = new AbortController();
      const end = (settle) => {
        clearTimeout(timer);
        done.abort();
        settle();
      };
      const blocked = (detail) => () => end(() => reject(new CallError("networkBlocked", detail)));
      const timer = setTimeout(
        blocked(`no connection within ${NETWORK_TIMEOUT_MS / 1000} seconds`),
        NETWORK_TIMEOUT_MS,
      );
      const options = { signal: done.signal };
      this.#channel.addEventListener("open", () => end(resolve), options);
      this.#peer.addEventListener(
        "connectionstatechange",
        () => {
          if (this.#peer.connectionState === "failed") blocked("no way through was found")();
        },
        options,
      );
      signal.addEventListener("abort", () => end(() => reject(signal.reason)), options);
    });
  }

  #read(data) {
    if (typeof data !== "string" || this.#state === "closed") return;
    const event = parseEvent(data) ?? { type: "client.unreadable", text: data.slice(0, 500) };
    this.#listener.received(event);
    if (event.type === "output_audio_buffer.started") this.#listener.sounding(true);
    if (event.type === "output_audio_buffer.stopped") this.#listener.sounding(false);
    if (event.type === "output_audio_buffer.cleared") this.#listener.sounding(false);
  }

  #watch() {
    const state = this.#peer.connectionState;
    if (this.#healing !== null) clearTimeout(this.#healing);
    this.#healing = null;
    if (state === "failed") this.#lose("the network connection failed");
    if (state === "disconnected") {
      this.#healing = setTimeout(() => this.#lose("the network went away"), HEAL_MS);
    }
  }

  #lose(detail) {
    if (this.#state !== "open") return;
    this.close();
    this.#listener.sounding(false);
    this.#listener.lost(failure("callLost", detail));
  }
}

/** Sound goes past a guard in front of the app, so only the page can tell it which call to end. */
function tellOfCall(url, callId, state) {
  const body = JSON.stringify({ call_id: callId, state });
  const headers = { "content-type": "application/json" };
  fetch(url, { method: "POST", headers, body, keepalive: true }).catch(() => undefined);
}

function refused(status, text) {
  const error = parseErrorObject(text);
  const message = error.message || `status ${status}`;
  // Here a 401 speaks of the ephemeral secret, not of the key behind it.
  if (status === 401) return new CallError("secretRefused", message);
  return new CallError(failureOfApi(error.code, status, message).name, message);
}

function parseErrorObject(text) {
  try {
    const body = JSON.parse(text);
    const error = body?.error;
    return {
      code: typeof error?.code === "string" ? error.code : null,
      message: typeof error?.message === "string" ? error.message : "",
    };
  } catch {
    return { code: null, message: "" };
  }
}
